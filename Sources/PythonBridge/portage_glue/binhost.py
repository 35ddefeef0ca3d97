"""What a public binary package host is made of: its index, and signed packages."""

import base64
import gzip
import io
import os

from portage_glue.calls import GlueError, call
from portage_glue.objects import own_settings, portage_module


def _package_tree(for_header=False):
    """Portage's tree of binary packages, of which only its rules for an index are used."""
    from portage.dbapi.bintree import binarytree

    settings = own_settings()
    # The header says what this machine has configured.
    if for_header:
        return binarytree(pkgdir=settings["PKGDIR"], settings=settings)
    # These are the service's own packages: a signature is for those who fetch them.
    settings.unlock()
    settings.features.discard("binpkg-request-signature")
    settings.features.add("binpkg-ignore-signature")
    settings.lock()
    return binarytree(pkgdir=settings["PKGDIR"], settings=settings)


def _written(tree, header, packages):
    """Header and packages as Portage writes them."""
    index = tree._new_pkgindex()
    index.header = header
    index.packages = packages
    index.modified = False
    text = io.StringIO()
    index.write(text)
    return text.getvalue()


@call
def binhost_header():
    """The header of an index, without what depends on the packages: a line for each key."""
    tree = _package_tree(for_header=True)
    # CHOST is that of packages which do not say theirs; ours do.
    header = dict(tree._pkgindex_default_header_data)
    tree._update_pkgindex_header(header)
    # Where the packages are is known to whoever reads the index, and a time to live would hide new ones.
    for name in ("URI", "TTL"):
        header.pop(name, None)
    return _written(tree, header, []).rstrip("\n").split("\n")


@call
def binhost_entry(path, cpv, place, build_id):
    """A package's stanza of the index, as Portage makes it of the file."""
    from portage.checksum import perform_multiple_checksums
    from portage.gpkg import gpkg

    portage = portage_module()
    tree = _package_tree()
    fields = gpkg(tree.settings, gpkg_file=path).get_metadata()

    def field(name):
        value = fields.get(name, "")
        return (value.decode("utf-8", "replace") if isinstance(value, bytes) else value).strip()

    found = f"{field('CATEGORY')}/{field('PF')}"
    if found != cpv:
        raise GlueError(f"{path} is {found}, not {cpv}")
    status = os.lstat(path)
    metadata = dict(tree._read_metadata(path, status, binpkg_format="gpkg").items())
    # Portage reads it from a new package and does not keep it with the package.
    metadata.pop("REPO_REVISIONS", None)
    metadata["BUILD_ID"] = str(build_id)
    metadata["SIZE"] = str(status.st_size)
    metadata["_mtime_"] = str(int(status.st_mtime))
    metadata["PATH"] = place
    tree._eval_use_flags(cpv, metadata)
    if not metadata.get("SLOT"):
        raise GlueError(f"{path} has no slot")
    metadata.update(perform_multiple_checksums(path, hashes=tree._pkgindex_hashes))
    metadata["CPV"] = portage.versions._pkg_str(cpv, metadata=metadata, settings=tree.settings)
    return _written(tree, {}, [metadata]).lstrip("\n")


@call
def compress_text(text):
    """The text as a member of a gzip file, in base64; always the same bytes for the same text."""
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), compresslevel=6, mtime=0)).decode("ascii")


@call
def sign_package(path, home, key):
    """Signs a gpkg with a key of a GnuPG home, by Portage's own code."""
    from portage.gpkg import gpkg

    settings = own_settings()
    settings.unlock()
    settings.features.add("binpkg-signing")
    settings.features.discard("binpkg-request-signature")
    settings["BINPKG_GPG_SIGNING_GPG_HOME"] = home
    settings["BINPKG_GPG_SIGNING_KEY"] = key
    settings.lock()
    package = gpkg(settings, gpkg_file=path, verify_signature=False)
    package.update_signature()
    return True
