"""Print the lowest versions that pyproject.toml allows, as constraints for pip.

Torch is left at the tested version where TORCH names one, since old builds are gigabytes.
"""

import os
import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]
for requirement in project["dependencies"]:
    name, version = re.fullmatch(r"([\w-]+)>=([\w.]+)", requirement).groups()
    if name == "torch":
        version = os.environ.get("TORCH", version)
    print(f"{name}=={version if '.' in version else version + '.0'}.*")
