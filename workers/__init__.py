"""The engine room: which queue runs which workflows and activities, and the processes that do it."""
