"""Kiosk screens: a signed-in user makes this browser one, lists them and ends them."""

from __future__ import annotations

import json

from .base import DataHandler
from .sessions import Sessions
from .store import Device

LABEL_LIMIT = 80


def device_json(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "label": device.label,
        "createdUnixMs": round(device.created_s * 1000),
        "lastSeenUnixMs": round(device.last_seen_s * 1000),
        "createdBy": device.created_by,
    }


class DevicesHandler(DataHandler):
    users_only = True

    def get(self) -> None:
        sessions: Sessions = self.settings["access"]
        # A JSON array: tornado's write() takes only objects.
        self.finish(json.dumps([device_json(device) for device in sessions.list_devices()]))

    def post(self) -> None:
        sessions: Sessions = self.settings["access"]
        try:
            body = json.loads(self.request.body or b"{}")
            label = body["label"].strip()
        except (ValueError, KeyError, TypeError, AttributeError):
            label = ""
        if not 0 < len(label) <= LABEL_LIMIT or not label.isprintable():
            self.fail(
                "Bug",
                f"The screen needs a name of 1 to {LABEL_LIMIT} characters, such as where it hangs.",
                status=400,
            )
            return
        assert self.caller.user is not None, "users_only lets nobody else in"
        device = sessions.start_device(self, label, self.caller.user)
        self.set_status(201)
        self.finish(device_json(device))


class DeviceHandler(DataHandler):
    users_only = True

    def delete(self, device_id: str) -> None:
        sessions: Sessions = self.settings["access"]
        if not sessions.end_device(device_id):
            self.fail("NotFound", "There is no such kiosk screen; somebody may have ended it just now.")
            return
        self.set_status(204)
        self.clear_header("Content-Type")
