import BinpkgModel

/// A check that Portage runs over the image in the environment, before it makes the package.
///
/// A gpkg with a pipe, a socket or a device is made and can never be unpacked, and file capabilities and other extended
/// attributes get lost on the way. Such a package is refused, not changed in silence.
enum ImageCheck {
    /// The place of the check below EPREFIX, where Portage looks for checks of the administrator.
    static let place = "/usr/local/lib/install-qa-check.d/99portmanteau-image"

    /// What begins the line in the log that says why.
    static let mark = "a binary package cannot carry"

    /// The file of a package's metadata that holds the class of accuracy in which it was built.
    static let accuracyName = "ACCURACY"

    /// The check, in the language of the ebuilds. As it runs just before the package is made, it also leaves the class of
    /// accuracy among what becomes the package's metadata.
    static func script(accuracy: Accuracy?) -> String {
        guard let accuracy else { return check }
        let file = "\"${PORTAGE_BUILDDIR}/build-info/\(accuracyName)\""
        return check + "printf '%s\\n' \(accuracy.rawValue) > \(file) || die\n"
    }

    private static let check = #"""
        # Refuses an image that a binary package cannot carry.
        portmanteau_image_check() {
            local found
            found=$(
                set -o pipefail
                find "${D}" \( -type p -o -type s -o -type b -o -type c \) -printf '%P (%y)\n' | sed -n 1,5p &&
                    "${PORTAGE_PYTHON:-python3}" -I -X utf8 - "${D}" <<'END'
        import errno
        import os
        import sys

        LOST = ("security.capability", "system.posix_acl_", "user.", "trusted.")
        top = os.fsencode(sys.argv[1])
        found = []


        def unreadable(error):
            raise error


        for directory, names, files in os.walk(top, onerror=unreadable):
            for name in names + files:
                path = os.path.join(directory, name)
                try:
                    attributes = os.listxattr(path, follow_symlinks=False)
                except OSError as error:
                    if error.errno == errno.ENOTSUP:
                        continue
                    raise
                for attribute in attributes:
                    if attribute.startswith(LOST):
                        found.append(f"{os.fsdecode(os.path.relpath(path, top))!a} ({attribute})")
        print(*found[:5], sep="\n")
        END
            ) || die "the image cannot be checked for what a binary package does not carry"
            [[ -z ${found} ]] || die "a binary package cannot carry: ${found//$'\n'/, }"
        }
        portmanteau_image_check

        """#
}
