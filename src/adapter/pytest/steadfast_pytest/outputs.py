"""What a suite's own settings write (reports, logs, measurements) goes to a folder of the harness: the user's reports
are those of the user's own runs."""

import os
import re
import sys

OUTPUTS = re.compile(
    r"(^|_)(xml|junit\w*|html\w*|json|csv|tap|allure|excel|xlsx|md|markdown|log|logfile|resultlog|report|reports|"
    r"reportlog|profile|coverage|pymon|durations)(_|$)|(xml|html|csv|json|report|log)(path|file|dir)$"
)
"""Names of options that say where something is written."""

OTHERS = re.compile(
    r"(^|_)(in|from|input|schema|config|css|format|level|mode|title|name|prefix|style|theme|encoding|template|type|cli|date)(_|$)"
)
"""Parts of the names of options that say how, or what is read."""

KNOWN = ("xmlpath", "htmlpath", "log_file", "report_log", "resultlog", "allure_report_dir")
"""Options of which nobody need guess."""

PATH = re.compile(r"^[^\s{}\[\]%]*(/|\.\w{1,8}$)")
"""What the name of a file looks like."""

OFF = ("pastebin", "testmon", "testmon_noselect", "testmon_forceselect", "store_durations", "profile", "profile_svg")
"""Options that make a plugin write to a place of its own, or send what it wrote."""


class Outputs:
    """A folder for what is written, and the options that are led there."""

    def __init__(self, folder):
        self.folder = folder
        self.taken = set()

    def redirect(self, config):
        """Leads every option that names an output below the folder. Before plugins are configured."""
        option = config.option
        for name in OFF:
            if getattr(option, name, None):
                setattr(option, name, None)
        for name, value in sorted(vars(option).items()):
            if is_output(name, value):
                setattr(option, name, self.place(value))
        # It can stand in the file of settings, where an option goes before it.
        if not getattr(option, "log_file", None) and hasattr(option, "log_file"):
            named = config.getini("log_file")
            if named:
                option.log_file = self.place(named)
        if getattr(option, "basetemp", None):
            # pytest empties the folder that is named there.
            option.basetemp = None

    def place(self, value):
        """A name of its own below the folder, with the ending that was asked for."""
        name = os.path.basename(value.rstrip("/")) or "output"
        stem, dot, ending = name.partition(".")
        number = 0
        while name in self.taken:
            number += 1
            name = "%s-%d%s%s" % (stem, number, dot, ending)
        self.taken.add(name)
        os.makedirs(self.folder, exist_ok=True)
        return os.path.join(self.folder, name)

    def keep_examples(self, folder):
        """Tells hypothesis where its examples go, and takes the variable that said so out of what the tests see."""
        configuration = sys.modules.get("hypothesis.configuration")
        if configuration is None or os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY") != folder:
            return
        configuration.set_hypothesis_home_dir(folder)
        del os.environ["HYPOTHESIS_STORAGE_DIRECTORY"]


def is_output(name, value):
    """Whether an option names a file or folder that is written."""
    if not isinstance(value, str) or not value:
        return False
    return name in KNOWN or bool(PATH.match(value) and OUTPUTS.search(name) and not OTHERS.search(name))
