from .control import Controller
from .schedule import Period, Schedule, ScheduleError, parse_clock, parse_schedule

__all__ = ["Controller", "Period", "Schedule", "ScheduleError", "parse_clock", "parse_schedule"]
