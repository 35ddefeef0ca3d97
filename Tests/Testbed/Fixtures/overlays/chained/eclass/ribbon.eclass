# Copyright 2026 Portmanteau authors
# Distributed under the terms of the GNU General Public License v2

# @ECLASS: ribbon.eclass
# @MAINTAINER: Portmanteau authors
# @SUPPORTED_EAPIS: 8
# @PROVIDES: thread
# @BLURB: the near end of a chain of eclasses
# @DESCRIPTION: inherits thread and uses it

case ${EAPI} in
	8) ;;
	*) die "${ECLASS}: EAPI ${EAPI:-0} not supported" ;;
esac

inherit thread

ribbon_src_install() {
	thread_doscript "${PF} by ribbon and thread"
}

EXPORT_FUNCTIONS src_install
