# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: distutils-r1.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @PROVIDES: python-utils-r1
# @BLURB: builds Python projects in the test repository
# @DESCRIPTION: calls the project's own build backend (PEP 517) and installs the wheel that it makes, for the Python of
# EPREFIX. It takes the variables of the eclass of this name, as far as the tests use them.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

if [[ -z ${_DISTUTILS_R1_ECLASS} ]]; then
_DISTUTILS_R1_ECLASS=1

inherit python-utils-r1

# @ECLASS_VARIABLE: DISTUTILS_USE_PEP517
# @PRE_INHERIT
# @REQUIRED
# @DESCRIPTION: the build backend.

# @ECLASS_VARIABLE: DISTUTILS_EXT
# @PRE_INHERIT
# @DEFAULT_UNSET
# @DESCRIPTION: whether the project has compiled parts.

# @ECLASS_VARIABLE: PYTHON_COMPAT
# @PRE_INHERIT
# @REQUIRED
# @DESCRIPTION: the Pythons that the project works with.

# @FUNCTION: _distutils-r1_key_to_backend
# @USAGE: <key>
# @INTERNAL
# @DESCRIPTION: prints the backend of a value of DISTUTILS_USE_PEP517.
_distutils-r1_key_to_backend() {
	local key=${1}
	case ${key} in
		flit|flit-core)
			echo flit_core.buildapi
			;;
		hatchling)
			echo hatchling.build
			;;
		poetry)
			echo poetry.core.masonry.api
			;;
		setuptools)
			echo setuptools.build_meta
			;;
		*)
			die "Unknown DISTUTILS_USE_PEP517 key: ${key}"
			;;
	esac
}

# @FUNCTION: python_gen_cond_dep
# @USAGE: <dependency> <pattern>...
# @DESCRIPTION: prints the dependency for each Python of PYTHON_COMPAT that a pattern names.
python_gen_cond_dep() {
	local impl pattern dep=$1
	shift
	for impl in "${PYTHON_COMPAT[@]}"; do
		for pattern; do
			# shellcheck disable=SC2053
			if [[ ${impl} == ${pattern} ]]; then
				echo "python_targets_${impl}? ( ${dep//'${PYTHON_USEDEP}'/python_targets_${impl}(-)} )"
				break
			fi
		done
	done
}

_distutils_set_globals() {
	local impl usedep=
	for impl in "${PYTHON_COMPAT[@]}"; do
		_python_is_known "${impl}"
		IUSE+=" python_targets_${impl}"
		usedep+=",python_targets_${impl}(-)?"
	done
	PYTHON_USEDEP=${usedep#,}
	REQUIRED_USE="|| ( ${PYTHON_COMPAT[*]/#/python_targets_} )"
	case ${DISTUTILS_USE_PEP517} in
		flit|flit-core) BDEPEND="dev-python/flit-core" ;;
		poetry) BDEPEND="dev-python/poetry-core" ;;
		setuptools) BDEPEND="dev-python/setuptools" ;;
		*) BDEPEND="dev-python/${DISTUTILS_USE_PEP517:?must be set}" ;;
	esac
	RDEPEND=
}
_distutils_set_globals
unset -f _distutils_set_globals

# @FUNCTION: distutils-r1_src_compile
# @DESCRIPTION: lets the backend make a wheel.
distutils-r1_src_compile() {
	mkdir -p "${T}/wheel" || die
	local -x PYTHONDONTWRITEBYTECODE=1
	"${EPREFIX}/bin/python3" - "$(_distutils-r1_key_to_backend "${DISTUTILS_USE_PEP517}")" "${T}/wheel" <<-'EOF' || die
		import importlib, os, sys
		sys.path[:0] = [os.getcwd()] if sys.argv[1].startswith("setuptools.") else []
		print("wheel:", importlib.import_module(sys.argv[1]).build_wheel(sys.argv[2]))
	EOF
}

# @FUNCTION: distutils-r1_src_install
# @DESCRIPTION: installs the wheel.
distutils-r1_src_install() {
	python_install_wheel "${T}"/wheel/*.whl
}

EXPORT_FUNCTIONS src_compile src_install

fi
