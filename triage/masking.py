"""Personal data as it may be shown: masked by default. Masking is not anonymisation."""

import re

PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1\d{2})[- ]?(\d{4})[- ]?(\d{4})(?!\d)")
LANDLINE = re.compile(r"(?<!\d)(0\d{2,3})[- ]?(\d{3,4})(\d{4})(?!\d)")
IDENTITY = re.compile(r"(?<![\dA-Za-z])(\d{6})\d{8}(\d{3}[\dXx])(?![\dA-Za-z])")
LONG_NUMBER = re.compile(r"(?<!\d)\d{6,9}(\d{4})(?!\d)")
NAMED = re.compile(r"(姓名|联系人|户名|我叫|我是|名叫)([:：为是]?\s*)([\u4e00-\u9fff])([\u4e00-\u9fff]{1,2})(?=[，,。；;、\s（(]|$)")
STREETS = (re.compile(r"^(.*?(?:路|大道|街(?!道)|巷|弄|胡同))(.+)$"), re.compile(r"^(.*?(?:街道|镇|乡|村))(.+)$"))


def mask_phone(value: str) -> str:
    """138****8000."""
    if len(value) == 11 and value.startswith("1"):
        return f"{value[:3]}****{value[-4:]}"
    return f"{'*' * max(len(value) - 4, 0)}{value[-4:]}" if len(value) > 4 else "*" * len(value)


def mask_number(value: str) -> str:
    """The last four digits of a customer number."""
    return f"{'*' * max(len(value) - 4, 0)}{value[-4:]}"


def mask_name(value: str) -> str:
    """张**."""
    return f"{value[0]}**" if value else ""


def mask_address(value: str) -> str:
    """An address to the street."""
    for street in STREETS:
        match = street.match(value)
        if match:
            return f"{match[1]}****"
    return f"{value[:6]}****" if len(value) > 6 else value


def mask_text(text: str) -> str:
    """Free text with phone numbers, identity numbers, customer numbers and introduced names masked."""
    text = IDENTITY.sub(r"\1********\2", text)
    text = PHONE.sub(r"\1****\3", text)
    text = LANDLINE.sub(r"\1****\3", text)
    text = LONG_NUMBER.sub(lambda m: "*" * (len(m[0]) - 4) + m[1], text)
    return NAMED.sub(r"\1\2\3**", text)
