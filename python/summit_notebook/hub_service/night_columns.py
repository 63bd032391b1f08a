"""The columns of the night table, once for its file, its answers and those who fill it."""

from __future__ import annotations

# Of the registry: name on the wire and SQL over its tables `exposure` (e) and raws (r).
REGISTRY_COLUMNS = {
    "obsId": "coalesce(e.obs_id, '')",
    "dayObs": "e.day_obs",
    "seqNum": "coalesce(e.seq_num, 0)",
    "observationType": "coalesce(e.observation_type, '')",
    "observationReason": "coalesce(e.observation_reason, '')",
    "targetName": "coalesce(e.target_name, '')",
    "scienceProgram": "coalesce(e.science_program, '')",
    "physicalFilter": "coalesce(e.physical_filter, '')",
    "exposureTimeSeconds": "coalesce(e.exposure_time, 0.0)",
    "darkTimeSeconds": "coalesce(e.dark_time, 0.0)",
}
HEADER_COLUMNS = (
    *("airmass", "focusZMm", "elevationDeg", "azimuthDeg", "rotpaDeg", "raDeg", "decDeg"),
    *("airTemperatureC", "pressureHpa", "humidityPercent", "windSpeedMS"),
)
MEASURED_COLUMNS = (
    *("biasLevelAdu", "overscanNoiseAdu", "backgroundAdu", "noiseAdu", "saturatedPixels"),
    *("fwhmArcsec", "fwhmStars"),
)
