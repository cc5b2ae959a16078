"""Fonts of pictures, for names in any writing."""

from __future__ import annotations

from collections.abc import Collection

_OURS = "DejaVu Sans"
_OF_EAST_ASIA = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans JP",
    "Noto Sans SC",
    "Noto Sans KR",
    "Source Han Sans",
    "IPAexGothic",
    "IPAGothic",
    "TakaoPGothic",
    "VL Gothic",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "NanumGothic",
    "UnDotum",
    "Hiragino Sans",
    "PingFang SC",
    "Apple SD Gothic Neo",
    "Yu Gothic",
    "MS Gothic",
    "Microsoft YaHei",
    "Malgun Gothic",
    "Arial Unicode MS",
    "Unifont",
)


def chosen(installed: Collection[str]) -> list[str]:
    """Our font, and those that are installed of them that have Chinese, Japanese or Korean signs.

    Args:
        installed: Names of all fonts that are there.

    Returns:
        Names, the one to be tried first in front.
    """
    return [_OURS, *(name for name in _OF_EAST_ASIA if name in installed)]
