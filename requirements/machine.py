"""Says in a plain sentence what this machine lacks to install Myoflag, and exits 1.

Runs before anything is installed, so it keeps to what every Python 3 understands.
"""

import importlib.util
import os
import shutil
import sys
import sysconfig

OLDEST = (3, 11)
TOO_NEW = (3, 13)


def lacks():
    """The first thing that is missing, or None."""
    here = "%d.%d" % sys.version_info[:2]
    if not OLDEST <= sys.version_info[:2] < TOO_NEW:
        return (
            "Myoflag needs Python 3.11 or 3.12, and this is %s (%s). Its rules engine, "
            "durable-rules, does not import on 3.13. Install one of the two, or say where it is: "
            "make PYTHON=/path/to/python3.12" % (here, sys.executable)
        )
    if importlib.util.find_spec("ensurepip") is None:
        return (
            "Python %s at %s can not make virtual environments. On Debian and Ubuntu: "
            "apt-get install python%s-venv" % (here, sys.executable, here)
        )
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return (
            "There is no C compiler (%s), and the rules engine, durable-rules, comes as C source. "
            "On Debian and Ubuntu: apt-get install gcc" % compiler
        )
    header = os.path.join(sysconfig.get_path("include"), "Python.h")
    if not os.path.exists(header):
        return (
            "The C headers of Python %s are missing (%s), and the rules engine, durable-rules, "
            "comes as C source. On Debian and Ubuntu: apt-get install python%s-dev"
            % (here, header, here)
        )
    return None


missing = lacks()
if missing:
    sys.exit(missing)
