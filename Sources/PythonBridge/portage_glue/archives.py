"""What is in an archive."""

from portage_glue.calls import GlueError, call

ARCHIVE_MEMBERS = 200_000
ARCHIVE_BYTES = 8 << 30
ARCHIVE_FILE = 4 << 20


def _archive_members(path):
    """Name, whether it is a directory, and a reader, of each file or directory of a tar or zip archive."""
    import tarfile
    import zipfile

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                yield info.filename, info.is_dir(), info.file_size, lambda info=info: archive.open(info)
        return
    with tarfile.open(path, "r:*") as archive:
        for info in archive:
            if info.offset > ARCHIVE_BYTES:
                raise GlueError(f"more than {ARCHIVE_BYTES >> 30} GiB are in the archive")
            if info.isfile() or info.isdir():
                yield info.name, info.isdir(), info.size, lambda info=info: archive.extractfile(info)


@call
def archive_content(path, wanted):
    """What an archive has directly below its one directory, and the text of the wanted ones of these files."""
    import lzma
    import tarfile
    import zipfile
    import zlib

    tops, names, texts = set(), set(), {}
    try:
        for number, (name, is_directory, size, opened) in enumerate(_archive_members(path)):
            if number > ARCHIVE_MEMBERS:
                raise GlueError(f"more than {ARCHIVE_MEMBERS} files are in the archive")
            parts = [part for part in name.split("/") if part not in ("", ".")]
            if not parts or name.startswith("/") or ".." in parts:
                continue
            tops.add(parts[0])
            if len(parts) < 2:
                continue
            names.add(parts[1] + ("/" if len(parts) > 2 or is_directory else ""))
            if len(parts) == 2 and not is_directory and parts[1] in wanted:
                if size > ARCHIVE_FILE:
                    raise GlueError(f"{parts[1]} has {size} bytes, more than the {ARCHIVE_FILE} that are read")
                with opened() as file:
                    texts[parts[1]] = file.read(ARCHIVE_FILE).decode("utf-8", "replace")
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise GlueError(f"the archive cannot be read: {error}") from None
    return {"directories": sorted(tops)[:2], "names": sorted(names)[:5000], "files": texts}
