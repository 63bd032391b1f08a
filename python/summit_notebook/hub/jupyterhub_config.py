"""JupyterHub of a site: everything on 127.0.0.1, one proxy, our service, single-user servers as plain processes.

What a restart does. An orderly end of the Hub (SIGTERM) ends the proxy, the service and the notebook servers, so that
nothing of a site is left. A Hub that is killed leaves all three running: images go on, notebooks keep their kernels.
The next Hub finds the servers in its database and keeps them, replaces the proxy (pid file) and the service
(``hub_service/predecessor.py``); sessions and devices are in the service's own file.
"""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from summit_notebook.site import load_secret, load_site

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - JupyterHub gives it

SITE_PATH = os.environ["SUMMIT_NOTEBOOK_SITE"]
site = load_site(SITE_PATH)
# Taken out of the environment: the proxy, the service and the users' servers have no use for it.
password = os.environ.pop("SUMMIT_NOTEBOOK_PASSWORD", "")
if len(password) < 8:
    raise SystemExit(
        "The demo password has under 8 characters: set SUMMIT_NOTEBOOK_PASSWORD to a longer one."
    )

state = site.state_dir / "hub"
state.mkdir(parents=True, exist_ok=True)
PYTHON_ROOT = str(Path(__file__).resolve().parents[2])

# The launcher shows this log to a person: what went wrong, not each request.
c.Application.log_level = "WARN"

# Addresses
c.JupyterHub.bind_url = f"http://127.0.0.1:{urlsplit(site.public_url).port or 80}{site.hub_base}"
c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{site.hub_port}"
# The whole host, so that its root leads to the app too.
c.JupyterHub.hub_routespec = "/"
c.JupyterHub.default_url = site.service_prefix

# Proxy
c.ConfigurableHTTPProxy.command = list(site.proxy_command)
c.ConfigurableHTTPProxy.log_level = "warn"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{site.proxy_api_port}"
c.ConfigurableHTTPProxy.pid_file = str(state / "proxy.pid")
c.ConfigurableHTTPProxy.auth_token = load_secret(site, "proxy-api")

# State
c.JupyterHub.db_url = f"sqlite:///{state / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(state / "cookie_secret")
c.JupyterHub.shutdown_on_logout = False
# No page of another site may act with the cookies of the Hub (which hands these on to the users' servers).
c.JupyterHub.tornado_settings = {"cookie_options": {"samesite": "Lax"}}

# Who may sign in
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = password
c.Authenticator.allowed_users = {"observer"}

# Notebook servers. No accounts of the machine are needed: every user is a directory below the site's state.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(site.state_dir / "home" / "{username}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = [
    "--ServerApp.log_level=WARN",
    # Its sign-in cookie follows the Hub's; this is for the readable one.
    "--ServerApp.tornado_settings={'xsrf_cookie_kwargs': {'samesite': 'Lax'}}",
    *(["--allow-root"] if os.getuid() == 0 else []),
]
c.Spawner.environment = {
    "JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp",
    "PYTHONPATH": PYTHON_ROOT,
}
if site.repositories:
    # Where a notebook finds the repository whose images the app shows.
    c.Spawner.environment["SUMMIT_NOTEBOOK_OODS"] = str(site.repositories[0].directory)
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120

# The app
c.JupyterHub.services = [
    {
        "name": "summit",
        "display": False,
        "url": f"http://127.0.0.1:{site.service_port}",
        "command": [sys.executable, "-m", "summit_notebook.hub_service"],
        "environment": {"SUMMIT_NOTEBOOK_SITE": SITE_PATH, "PYTHONPATH": PYTHON_ROOT},
        # The app and the Hub belong together: nobody needs to be asked whether the one may know the other's users.
        "oauth_no_confirm": True,
    }
]
# `self` holds what the notebook pane needs: the user's own servers and tokens.
c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", "access:services!service=summit"]}]
