"""The columns of the night table, once for its file, its answers and those who fill it."""

from __future__ import annotations

# Of the registry: name on the wire and SQL over its table `exposure` (e). What it does not know stays null, but for the
# keys and the texts. The bound keeps infinities out, which JSON has no word for.
REGISTRY_COLUMNS = {
    "obsId": "coalesce(e.obs_id, '')",
    "dayObs": "coalesce(e.day_obs, 0)",
    "seqNum": "coalesce(e.seq_num, 0)",
    "observationType": "coalesce(e.observation_type, '')",
    "observationReason": "coalesce(e.observation_reason, '')",
    "targetName": "coalesce(e.target_name, '')",
    "scienceProgram": "coalesce(e.science_program, '')",
    "physicalFilter": "coalesce(e.physical_filter, '')",
    "exposureTimeSeconds": "CASE WHEN abs(e.exposure_time) < 1e9 THEN e.exposure_time END",
    "darkTimeSeconds": "CASE WHEN abs(e.dark_time) < 1e9 THEN e.dark_time END",
}
HEADER_COLUMNS = (
    *("airmass", "focusZMm", "elevationDeg", "azimuthDeg", "rotpaDeg", "raDeg", "decDeg"),
    *("airTemperatureC", "pressureHpa", "humidityPercent", "windSpeedMS"),
)
MEASURED_COLUMNS = (
    *("biasLevelAdu", "overscanNoiseAdu", "backgroundAdu", "noiseAdu", "saturatedPixels"),
    *("fwhmArcsec", "fwhmStars"),
)
