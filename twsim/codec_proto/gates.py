"""From which server version on a message travels as protobuf: requests and replies, by id."""

from collections.abc import Mapping

from twsim import versions


def _by_id(themes: Mapping[int, tuple[int, ...]]) -> dict[int, int]:
    return {message_id: version for version, ids in themes.items() for message_id in ids}


REQUESTS = _by_id(
    {
        versions.PROTOBUF: (7,),
        versions.PROTOBUF_ORDERS: (3, 4, 58),
        versions.PROTOBUF_COMPLETED_ORDERS: (5, 15, 16, 99),
        versions.PROTOBUF_CONTRACTS: (9,),
        versions.PROTOBUF_MARKET_DATA: (1, 2, 10, 11, 59),
        versions.PROTOBUF_ACCOUNTS: (6, 17, 61, 62, 63, 64, 74, 75, 76, 77),
        versions.PROTOBUF_HISTORY: (20, 25, 50, 51, 87, 88, 89, 90, 96, 97, 98),
        versions.PROTOBUF_NEWS: (12, 13, 84, 85, 86, 100, 101, 102, 103),
        versions.PROTOBUF_SCANNER_AND_PNL: (22, 23, 24, 92, 93, 94, 95),
        versions.PROTOBUF_REST_1: (18, 19, 21, 54, 55, 56, 57),
        versions.PROTOBUF_REST_2: (78, 79, 80, 81, 83, 91, 104),
        versions.PROTOBUF_REST_3: (8, 14, 49, 65, 66, 67, 68, 69, 70, 71, 82, 105),
        versions.CANCEL_CONTRACT_DATA: (106, 107),
        versions.CONFIG: (108,),
        versions.UPDATE_CONFIG: (109,),
    }
)
"""As IB's own client decides: it writes a request as protobuf from this version on."""

REPLIES = _by_id(
    {
        versions.PROTOBUF: (11, 55),
        versions.PROTOBUF_ORDERS: (3, 4, 5, 53),
        versions.PROTOBUF_COMPLETED_ORDERS: (101, 102),
        versions.PROTOBUF_CONTRACTS: (10, 52),
        versions.PROTOBUF_MARKET_DATA: (1, 2, 21, 45, 46, 57, 58, 81),
        versions.PROTOBUF_ACCOUNTS: (6, 7, 8, 15, 54, 61, 62, 63, 64, 71, 72, 73, 74),
        versions.PROTOBUF_HISTORY: (17, 50, 88, 90, 108),
        versions.PROTOBUF_SCANNER_AND_PNL: (94, 95),
        versions.PROTOBUF_REST_1: (59, 106),
        versions.PROTOBUF_REST_2: (75, 76, 79, 93),
        versions.PROTOBUF_REST_3: (9, 49, 109),
    }
)
"""IB lists none for replies: they follow the requests of their theme, in the order in which IB's
decoder took them up. Clients take either form at any version."""
