"""Binary packages of the gpkg format."""

import contextlib
import functools
import os

from portage_glue.calls import GlueError, call
from portage_glue.objects import DEPENDENCY_KINDS, own_settings, package_settings, portage_module

# What an index can want of package files that were verified, by their stamps, and of how many files it is kept.
_VERIFIED = {}
_KEPT = 4096


@functools.cache
def _settings():
    return own_settings()


def _stamp_of(path):
    try:
        return _stamp(os.stat(path))
    except OSError:
        return None


def _stamp(status):
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def verified_metadata(status):
    """The fields of a package file, if this process verified it and it is the same since; else None."""
    return _VERIFIED.get(_stamp(status))


def _open_package(path, cpv):
    from portage.gpkg import gpkg

    package = gpkg(_settings(), gpkg_file=path)
    package._verify_binpkg()
    fields = {}
    for name, value in package.unpack_metadata().items():
        with contextlib.suppress(UnicodeDecodeError):
            text = value.decode("utf-8")
            if "\0" not in text:
                fields[name] = text.rstrip("\n")
    found = f"{fields.get('CATEGORY', '')}/{fields.get('PF', '')}"
    if portage_module().versions.catpkgsplit(found) is None:
        raise GlueError(f"{path} does not say which package it is")
    if cpv is not None and found != cpv:
        raise GlueError(f"{path} is {found}, not {cpv}")
    return package, {"cpv": found, "fields": fields}


@call
def check_package(path, cpv=None):
    """Verifies a gpkg and returns its text metadata."""
    stamp = _stamp_of(path)
    metadata = _open_package(path, cpv)[1]
    if stamp is not None and stamp == _stamp_of(path):
        if len(_VERIFIED) >= _KEPT:
            _VERIFIED.clear()
        fields = metadata["fields"]
        _VERIFIED[stamp] = {name: text for name, text in fields.items() if not name.endswith((".ebuild", "CONTENTS"))}
    return metadata


@call
def unpack_package(path, image_directory, build_info_directory, cpv=None):
    """Verifies a gpkg, then unpacks image and metadata into two existing, empty directories."""
    package, metadata = _open_package(path, cpv)
    for directory in (image_directory, build_info_directory):
        if os.listdir(directory):
            raise GlueError(f"{directory} is not empty")
    try:
        package.unpack_metadata(build_info_directory)
        package.decompress(image_directory)
    except OSError as error:
        if error.filename:
            raise
        raise GlueError(f"cannot unpack {path} into {image_directory}: {error.strerror or error}") from None
    return metadata


def _slot_operators(text, eapi):
    """The `:=` atoms of a dependency: what is recorded, by the atom without its slot."""
    dep = portage_module().dep
    found = {}
    for atom in dep.use_reduce(text, matchall=True, flat=True, eapi=eapi, token_class=dep.Atom):
        if isinstance(atom, dep.Atom) and not atom.blocker and atom.slot_operator == "=":
            recorded = f"{atom.slot}/{atom.sub_slot}" if atom.slot and atom.sub_slot else ""
            found.setdefault(str(atom.without_slot), recorded)
    return found


@call
def sub_slot_differences(cpv, recorded, repository=None, use_override=None):
    """Where a binary package's sub-slots are not those that this machine would record."""
    from portage.dep._slot_operator import evaluate_slot_operator_equal_deps

    metadata, settings, use = package_settings(cpv, repository, use_override)
    here = evaluate_slot_operator_equal_deps(settings, use, portage_module().db)
    differences = []
    for kind in DEPENDENCY_KINDS:
        if kind not in recorded:
            continue
        theirs = _slot_operators(recorded[kind], metadata["EAPI"])
        ours = _slot_operators(here.get(kind, ""), metadata["EAPI"])
        for atom in sorted(theirs.keys() | ours.keys()):
            built = theirs.get(atom)
            local = ours.get(atom)
            # Not installed here: this machine records nothing. That only matters for what the package runs with.
            if built == local or (not local and kind != "RDEPEND"):
                continue
            differences.append(
                f"{kind}: {atom} was built with {built or 'nothing'}, this machine has {local or 'none'}"
            )
    return differences
