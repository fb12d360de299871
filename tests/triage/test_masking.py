"""Personal data as it may be shown."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.masking import mask_address, mask_name, mask_number, mask_phone, mask_text


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        pytest.param(mask_phone, "13800008000", "138****8000", id="mobile"),
        pytest.param(mask_phone, "057188880000", "********0000", id="landline"),
        pytest.param(mask_phone, "95598", "*5598", id="five digits"),
        pytest.param(mask_phone, "110", "***", id="three digits"),
        pytest.param(mask_phone, "", "", id="no phone"),
        pytest.param(mask_number, "3301000001", "******0001", id="customer number"),
        pytest.param(mask_number, "", "", id="no customer number"),
        pytest.param(mask_name, "欧阳建国", "欧**", id="name"),
        pytest.param(mask_name, "张伟", "张**", id="short name: its length is not told"),
        pytest.param(mask_name, "", "", id="no name"),
        pytest.param(mask_address, "临江市滨河街道柳荫路12号3单元502", "临江市滨河街道柳荫路****", id="to the street"),
        pytest.param(mask_address, "青溪县柳河镇柳河村3组", "青溪县柳河镇****", id="to the town"),
        pytest.param(mask_address, "柳荫路", "柳荫路", id="a street alone"),
        pytest.param(mask_address, "某某花园3幢1单元502", "某某花园3幢****", id="no street: six signs"),
        pytest.param(mask_address, "", "", id="no address"),
    ],
)
def test_a_field_is_masked(mask, value: str, shown: str):
    assert mask(value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("电话13800008000，请回电", "电话138****8000，请回电", id="mobile"),
        pytest.param("电话 138-0000-8000", "电话 138****8000", id="mobile with dashes"),
        pytest.param("电话138 0000 8000", "电话138****8000", id="mobile with blanks"),
        pytest.param("+8613800008000", "138****8000", id="mobile with +86"),
        pytest.param("座机0571-88880000", "座机0571****0000", id="landline"),
        pytest.param("身份证110101199003071234", "身份证110101********1234", id="identity"),
        pytest.param("身份证11010119900307123X", "身份证110101********123X", id="identity with X"),
        pytest.param("户号3301000001", "户号******0001", id="customer number of ten"),
        pytest.param("户号3301000000001", "户号*********0001", id="customer number of thirteen"),
        pytest.param("我叫张建国，家里没电", "我叫张**，家里没电", id="an introduced name"),
        pytest.param("联系人：李四", "联系人：李**", id="a contact"),
        pytest.param("3号楼2单元停电，电费538.25元", "3号楼2单元停电，电费538.25元", id="nothing personal"),
        pytest.param("2026年11月23日10点", "2026年11月23日10点", id="a date"),
        pytest.param("我是客户", "我是客**", id="what might be a name is masked rather than shown"),
    ],
)
def test_a_text_is_masked(text: str, shown: str):
    assert mask_text(text) == shown


@given(before=st.text("停电请回，。 "), phone=st.from_regex(r"1[3-9]\d{9}", fullmatch=True).filter(str.isascii), after=st.text("停电请回，。 "))
def test_no_mobile_number_is_left_in_any_text(before: str, phone: str, after: str):
    assert phone not in mask_text(before + phone + after)


@given(st.text())
def test_no_run_of_ten_digits_is_left(text: str):
    assert not re.search(r"(?<!\d)[0-9]{10}(?!\d)", mask_text(text))


@given(st.text(max_size=100))
def test_masking_twice_is_masking_once(text: str):
    assert mask_text(mask_text(text)) == mask_text(text)
