"""Switching the relay, with some slack so that it does not rattle."""


class Controller:
    def __init__(self, schedule, slack=0.5):
        self.schedule = schedule
        self.slack = slack
        self.heating = False

    def update(self, minute, measured):
        """Tell the controller what was measured; returns whether to heat."""
        target = self.schedule.target_at(minute)
        if measured <= target - self.slack:
            self.heating = True
        elif measured >= target:
            self.heating = False
        return self.heating
