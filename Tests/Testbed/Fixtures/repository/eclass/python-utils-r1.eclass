# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: python-utils-r1.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: the Pythons of the test repository
# @DESCRIPTION: says which Pythons there are, and where the one of EPREFIX keeps its modules.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

if [[ -z ${_PYTHON_UTILS_R1_ECLASS} ]]; then
_PYTHON_UTILS_R1_ECLASS=1

# @ECLASS_VARIABLE: _PYTHON_ALL_IMPLS
# @INTERNAL
# @DESCRIPTION: all Pythons, the best last.
_PYTHON_ALL_IMPLS=(
	pypy3_11
	python3_{13..14}t
	python3_{9..15}
)
readonly _PYTHON_ALL_IMPLS

# @FUNCTION: _python_is_known
# @USAGE: <impl>
# @INTERNAL
# @DESCRIPTION: dies when there is no such Python.
_python_is_known() {
	has "$1" "${_PYTHON_ALL_IMPLS[@]}" || die "Invalid implementation in PYTHON_COMPAT: $1"
}

# @FUNCTION: python_get_sitedir
# @DESCRIPTION: prints where modules of the Python in EPREFIX are.
python_get_sitedir() {
	"${EPREFIX}/bin/python3" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' || die
}

# @FUNCTION: python_install_wheel
# @USAGE: <wheel>
# @DESCRIPTION: installs a wheel of modules and console scripts.
python_install_wheel() {
	local -x PYTHONDONTWRITEBYTECODE=1
	"${EPREFIX}/bin/python3" - "$1" "${D}$(python_get_sitedir)" "${ED}/usr/bin" "${EPREFIX}/bin/python3" <<-'EOF' || die
		import configparser, os, sys, zipfile
		wheel, modules, programs, python = sys.argv[1:]
		with zipfile.ZipFile(wheel) as archive:
		    archive.extractall(modules)
		    for name in archive.namelist():
		        if not name.endswith(".dist-info/entry_points.txt"):
		            continue
		        parser = configparser.ConfigParser(delimiters="=")
		        parser.optionxform = str
		        parser.read_string(archive.read(name).decode())
		        for program, target in parser["console_scripts"].items() if "console_scripts" in parser else ():
		            module, function = target.strip().split(":")
		            os.makedirs(programs, exist_ok=True)
		            path = os.path.join(programs, program)
		            with open(path, "w") as file:
		                file.write(f"#!{python}\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n")
		            os.chmod(path, 0o755)
	EOF
}

fi
