# SPDX-License-Identifier: MIT
"""Countries as Wi-Fi knows them: the codes of two letters of ISO 3166-1."""

from __future__ import annotations

_CODES_TEXT = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
    BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
    EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
    GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
    MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
    QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM
    ZW
"""
CODES = frozenset(_CODES_TEXT.split())
# What people write instead.
_MEANT = {
    **{"UK": "GB", "EN": "GB", "ENGLAND": "GB", "GREAT BRITAIN": "GB", "UNITED KINGDOM": "GB"},
    **{"USA": "US", "UNITED STATES": "US", "AMERICA": "US", "CANADA": "CA", "AUSTRALIA": "AU"},
    **{"GERMANY": "DE", "DEUTSCHLAND": "DE", "DEU": "DE", "GER": "DE", "D": "DE"},
    **{"AUSTRIA": "AT", "ÖSTERREICH": "AT", "SWITZERLAND": "CH", "SCHWEIZ": "CH", "SUISSE": "CH"},
    **{"FRANCE": "FR", "SPAIN": "ES", "ESPAÑA": "ES", "SP": "ES", "PORTUGAL": "PT"},
    **{"ITALY": "IT", "ITALIA": "IT", "NETHERLANDS": "NL", "NEDERLAND": "NL", "HOLLAND": "NL"},
    **{"BELGIUM": "BE", "BELGIQUE": "BE", "BELGIË": "BE", "POLAND": "PL", "POLSKA": "PL"},
    **{"SWEDEN": "SE", "SVERIGE": "SE", "NORWAY": "NO", "NORGE": "NO", "FINLAND": "FI"},
    **{"SUOMI": "FI", "DENMARK": "DK", "DANMARK": "DK", "IRELAND": "IE", "CZECHIA": "CZ"},
    **{"GREECE": "GR", "EL": "GR", "HUNGARY": "HU", "LATVIA": "LV", "LATVIJA": "LV"},
}


def hint(code: str) -> str:
    """Return words about the code that was probably meant; none where nothing is near."""
    capitals = code.strip().upper()
    meant = _MEANT.get(capitals, capitals if capitals in CODES else "")
    return f'; perhaps "{meant}" is meant' if meant and meant != code else ""
