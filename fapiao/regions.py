"""Region codes (行政区划代码) in codes, numbers and tax ids."""

from dataclasses import dataclass

from fapiao.text import ascii_digits


@dataclass(frozen=True, slots=True)
class Region:
    """A province, or a city with separate planning (计划单列市), with its name in three languages."""

    code: str  # two digits for a province, four for a city with separate planning
    zh: str
    en: str
    ja: str


_ROWS = """\
11 北京 Beijing 北京
12 天津 Tianjin 天津
13 河北 Hebei 河北
14 山西 Shanxi 山西
15 内蒙古 Inner-Mongolia 内モンゴル
21 辽宁 Liaoning 遼寧
22 吉林 Jilin 吉林
23 黑龙江 Heilongjiang 黒竜江
31 上海 Shanghai 上海
32 江苏 Jiangsu 江蘇
33 浙江 Zhejiang 浙江
34 安徽 Anhui 安徽
35 福建 Fujian 福建
36 江西 Jiangxi 江西
37 山东 Shandong 山東
41 河南 Henan 河南
42 湖北 Hubei 湖北
43 湖南 Hunan 湖南
44 广东 Guangdong 広東
45 广西 Guangxi 広西
46 海南 Hainan 海南
50 重庆 Chongqing 重慶
51 四川 Sichuan 四川
52 贵州 Guizhou 貴州
53 云南 Yunnan 雲南
54 西藏 Tibet チベット
61 陕西 Shaanxi 陝西
62 甘肃 Gansu 甘粛
63 青海 Qinghai 青海
64 宁夏 Ningxia 寧夏
65 新疆 Xinjiang 新疆
2102 大连 Dalian 大連
3302 宁波 Ningbo 寧波
3502 厦门 Xiamen アモイ
3702 青岛 Qingdao 青島
4403 深圳 Shenzhen 深圳"""

REGIONS: dict[str, Region] = {
    row.split()[0]: Region(*(word.replace("-", " ") for word in row.split())) for row in _ROWS.splitlines()
}

# Two-digit values of the planned cities inside 20-digit numbers. The usual list; one test number shows 92,
# no official source was found: unconfirmed, so nothing is refused because of it.
_CITY_OF_NUMBER = {"91": "2102", "92": "3302", "93": "3502", "94": "3702", "95": "4403"}


def region_of_code(code: str) -> Region | None:
    """Return the region of a 10- or 12-digit invoice code (发票代码), or None. Verified on samples."""
    if not ascii_digits(code) or len(code) not in (10, 12):
        return None
    return _region(code[:4] if len(code) == 10 else code[1:5])


def region_of_number(number: str) -> Region | None:
    """Return the region of a 20-digit number (positions 3-4), or None.

    Provinces are documented; the values 91-95 of the planned cities are unconfirmed.
    """
    if not ascii_digits(number) or len(number) != 20:
        return None
    return REGIONS.get(_CITY_OF_NUMBER.get(number[2:4], number[2:4]))


def region_of_tax_id(tax_id: str) -> Region | None:
    """Return the region of a tax id (纳税人识别号), or None.

    18 characters: positions 3-6; the old 15: positions 1-4; identity numbers (17 and 20): positions 1-4.
    """
    if len(tax_id) == 18:
        return _region(tax_id[2:6])
    return _region(tax_id[:4]) if len(tax_id) in (15, 17, 20) else None


def _region(four: str) -> Region | None:
    return REGIONS.get(four) or REGIONS.get(four[:2])


def is_beijing(*, code: str | None = None, number: str | None = None, tax_id: str | None = None) -> bool:
    """True if any of the parts given belongs to Beijing (北京)."""
    regions = (region_of_code(code or ""), region_of_number(number or ""), region_of_tax_id(tax_id or ""))
    return any(region is not None and region.code == "11" for region in regions)
