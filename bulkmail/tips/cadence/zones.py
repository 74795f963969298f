"""By whose clocks: the time zone of each person, as far as the list or their country says."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from bulkmail.tips.cadence.days import Rules

_HEADERS = frozenset({"timezone", "time zone", "time_zone", "tz", "時區", "时区", "fuso horário"})
# Countries whose people share one clock (near enough), by ISO 3166 code; of others nothing is presumed.
_ONE_CLOCK = {
    "MO": "Asia/Macau", "HK": "Asia/Hong_Kong", "CN": "Asia/Shanghai", "TW": "Asia/Taipei", "SG": "Asia/Singapore",
    "MY": "Asia/Kuala_Lumpur", "JP": "Asia/Tokyo", "KR": "Asia/Seoul", "PH": "Asia/Manila", "TH": "Asia/Bangkok",
    "VN": "Asia/Ho_Chi_Minh", "IN": "Asia/Kolkata", "PT": "Europe/Lisbon", "GB": "Europe/London", "IE": "Europe/Dublin",
    "FR": "Europe/Paris", "DE": "Europe/Berlin", "ES": "Europe/Madrid", "IT": "Europe/Rome", "NL": "Europe/Amsterdam",
    "CH": "Europe/Zurich", "AT": "Europe/Vienna", "BE": "Europe/Brussels", "MZ": "Africa/Maputo",
    "AO": "Africa/Luanda", "ZA": "Africa/Johannesburg", "NZ": "Pacific/Auckland",
}  # fmt: skip


def zones_of(table: pd.DataFrame, rules: Rules) -> pd.Series:
    """Return the time zone of each row: of the list's own column of zones, else of the country that is known of the
    person, else that of the rules; "" for a country of several zones."""
    zones = pd.Series(rules.timezone, table.index, dtype="str")
    if "consent_country" in table:
        country = table["consent_country"].fillna("")
        zones = country.map(_ONE_CLOCK).where(country != "", rules.timezone).fillna("").astype("str")
    column = next(
        (name for name in table.columns if str(name).removeprefix("field.").strip().casefold() in _HEADERS), None
    )
    if column is not None:
        written = table[column].fillna("").astype("str").str.strip()
        zones = written.where(written.isin(available_timezones()), zones)
    return zones


def quiet_by_own_clocks(table: pd.DataFrame, moment: datetime, rules: Rules) -> np.ndarray:
    """Return for each row whether `moment` lies in the quiet hours of the person's own zone, where it is known."""
    zones = zones_of(table, rules)
    hours = {zone: moment.astimezone(ZoneInfo(zone)).hour for zone in zones.unique() if zone}
    quiet = {zone: not rules.quiet_until <= hour < rules.quiet_from for zone, hour in hours.items()}
    return zones.map(quiet).fillna(False).to_numpy(dtype=bool)
