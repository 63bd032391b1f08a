"""Adds exposures of earlier nights to a repository's registry: ``many_exposures.py REGISTRY COUNT``.

They are copies of the ones that are there, without raws, as a registry has them after years."""

import sqlite3
import sys
from datetime import date, timedelta

PER_NIGHT = 800


def main(registry: str, count: int) -> None:
    with sqlite3.connect(registry, timeout=30) as connection:
        cursor = connection.execute("SELECT * FROM exposure ORDER BY id")
        names = [column for column, *_ in cursor.description]
        templates = [dict(zip(names, row, strict=True)) for row in cursor]
        newest = str(templates[0]["day_obs"])
        night = date(int(newest[:4]), int(newest[4:6]), int(newest[6:]))
        for first in range(0, count, PER_NIGHT):
            night -= timedelta(days=1)
            day_obs = int(f"{night:%Y%m%d}")
            connection.execute(
                "INSERT OR IGNORE INTO day_obs (instrument, id) VALUES (?, ?)",
                (templates[0]["instrument"], day_obs),
            )
            rows = []
            for seq_num in range(1, min(PER_NIGHT, count - first) + 1):
                row = dict(templates[seq_num % len(templates)])
                row |= {"id": day_obs * 100_000 + seq_num, "day_obs": day_obs, "seq_num": seq_num}
                row["obs_id"] = f"AT_O_{day_obs}_{seq_num:06d}"
                rows.append(row)
            places = ", ".join(f":{name}" for name in names)
            connection.executemany(f"INSERT INTO exposure VALUES ({places})", rows)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
