def select(use_case, installed):
    """The best of the installed models: one for code if code is asked for, else a chat model, else the first by name."""
    wanted = {"technical": "code"}.get(use_case, "chat")
    return min(installed, key=lambda name: (wanted not in name, name))
