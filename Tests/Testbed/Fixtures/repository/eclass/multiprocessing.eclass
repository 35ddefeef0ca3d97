# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: multiprocessing.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @BLURB: the number of jobs in MAKEOPTS

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

# @FUNCTION: makeopts_jobs
# @DESCRIPTION: prints the number of the last -jN in MAKEOPTS, or 1.
makeopts_jobs() {
	[[ " ${MAKEOPTS}" =~ .*[[:space:]]-j([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 1
}
