"""Key codes (linux/input-event-codes.h) and a US layout, for typing and for the fake agent's table."""

CODES = {
    "esc": 1, "backspace": 14, "tab": 15, "enter": 28, "leftctrl": 29, "leftshift": 42, "leftalt": 56, "space": 57,
    "capslock": 58, "f1": 59, "rightalt": 100, "home": 102, "up": 103, "left": 105, "right": 106, "down": 108,
    "delete": 111, "leftmeta": 125,
}
_ROWS = [(2, "1234567890-=", "!@#$%^&*()_+"), (16, "qwertyuiop[]", "QWERTYUIOP{}"),
         (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'), (43, "\\zxcvbnm,./", "|ZXCVBNM<>?")]

CHARACTERS: dict[str, tuple[int, bool]] = {" ": (57, False), "\n": (28, False), "\t": (15, False)}
for _first, _plain, _shifted in _ROWS:
    for _offset, _character in enumerate(_plain):
        CHARACTERS[_character] = (_first + _offset, False)
    for _offset, _character in enumerate(_shifted):
        CHARACTERS[_character] = (_first + _offset, True)
for _name in "abcdefghijklmnopqrstuvwxyz0123456789":
    CODES[_name] = CHARACTERS[_name][0]

# Sources/Events/Input.swift, KeyClass; Sources/Events/Layout.swift, ModifierRole.
LETTER, DIGIT, PUNCTUATION, SPACE, ENTER, EDITING, NAVIGATION, OTHER, TEXT = range(9)
_EDITING = {"backspace", "tab", "delete"}
_NAVIGATION = {"home", "up", "left", "right", "down"}
_ROLES = {"leftshift": 1, "leftctrl": 2, "leftalt": 3, "leftmeta": 4, "rightalt": 5, "capslock": 6}


def _class_of(character: str) -> int:
    if character.isalpha():
        return LETTER
    if character.isdigit():
        return DIGIT
    return {" ": SPACE, "\n": ENTER, "\t": EDITING}.get(character, PUNCTUATION)


def us_table() -> tuple[bytes, bytes]:
    """Classes (256 codes × 4 levels) and modifier roles of the US layout, as the agent's protocol has them."""
    classes = bytearray([OTHER] * 256 * 4)
    roles = bytearray(256)
    for character, (code, shifted) in CHARACTERS.items():
        levels = (1, 3) if shifted else ((0, 2) if character not in " \n\t" else range(4))
        for level in levels:
            classes[code * 4 + level] = _class_of(character)
    for name, code in CODES.items():
        kind = EDITING if name in _EDITING else NAVIGATION if name in _NAVIGATION else None
        if kind is not None:
            classes[code * 4:code * 4 + 4] = bytes([kind] * 4)
        roles[code] = _ROLES.get(name, 0)
    return bytes(classes), bytes(roles)
