# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: python-single-r1.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @PROVIDES: python-utils-r1
# @BLURB: packages of the test repository that use one Python
# @DESCRIPTION: takes the variables and functions of the eclass of this name, as far as the tests use them. The one
# Python is that of EPREFIX.

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

if [[ -z ${_PYTHON_SINGLE_R1_ECLASS} ]]; then
_PYTHON_SINGLE_R1_ECLASS=1

inherit python-utils-r1

# @ECLASS_VARIABLE: PYTHON_COMPAT
# @PRE_INHERIT
# @REQUIRED
# @DESCRIPTION: the Pythons that the package works with.

# @ECLASS_VARIABLE: PYTHON_DEPS
# @OUTPUT_VARIABLE
# @DESCRIPTION: the chosen Python.

# @ECLASS_VARIABLE: PYTHON_REQUIRED_USE
# @OUTPUT_VARIABLE
# @DESCRIPTION: that one Python must be chosen.

_python_single_set_globals() {
	local impl
	PYTHON_DEPS= PYTHON_REQUIRED_USE=
	for impl in "${PYTHON_COMPAT[@]}"; do
		_python_is_known "${impl}"
		IUSE+=" python_single_target_${impl}"
		PYTHON_REQUIRED_USE+=" python_single_target_${impl}"
		local slot=${impl#python}
		PYTHON_DEPS+=" python_single_target_${impl}? ( dev-lang/python:${slot/_/.} )"
	done
	PYTHON_REQUIRED_USE="^^ (${PYTHON_REQUIRED_USE} )"
}
_python_single_set_globals
unset -f _python_single_set_globals

# @FUNCTION: python_gen_cond_dep
# @USAGE: <dependency> [<pattern>...]
# @DESCRIPTION: prints the dependency for each Python of PYTHON_COMPAT that a pattern names; without patterns, for all.
python_gen_cond_dep() {
	local impl pattern dep=$1
	shift
	for impl in "${PYTHON_COMPAT[@]}"; do
		for pattern in "${@:-*}"; do
			# shellcheck disable=SC2053
			if [[ ${impl} == ${pattern} ]]; then
				echo "python_single_target_${impl}? ( ${dep//'${PYTHON_USEDEP}'/python_targets_${impl}(-)} )"
				break
			fi
		done
	done
}

# @FUNCTION: python-single-r1_pkg_setup
# @DESCRIPTION: exports EPYTHON and PYTHON of the chosen Python.
python-single-r1_pkg_setup() {
	local impl
	for impl in "${PYTHON_COMPAT[@]}"; do
		use "python_single_target_${impl}" || continue
		export EPYTHON=${impl/_/.}
		export PYTHON=${EPREFIX}/bin/python3
	done
}

EXPORT_FUNCTIONS pkg_setup

fi
