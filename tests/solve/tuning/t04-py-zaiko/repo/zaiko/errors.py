class ZaikoError(Exception):
    """Something the user can do something about."""


class UnknownItem(ZaikoError):
    def __init__(self, code):
        super().__init__(f"未登録の品番です: {code}")
        self.code = code


class Shortage(ZaikoError):
    def __init__(self, code, wanted, available):
        super().__init__(f"在庫不足: {code} (必要 {wanted}, 在庫 {available})")
        self.code = code
        self.wanted = wanted
        self.available = available


class SlipError(ZaikoError):
    def __init__(self, line_number, message):
        super().__init__(f"{line_number}行目: {message}")
        self.line_number = line_number
