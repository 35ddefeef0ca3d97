/// The forms that names in a request may have. They are narrow on purpose: what passes is safe in a path and in Portage's
/// configuration files.
enum Names {
    /// Letters, digits and `+_.-`; not empty, not `.` or `..`, at most 200 bytes.
    static func isPlain(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text != "." && text != ".." && text.utf8.allSatisfy(isNameByte)
    }

    /// `SLOT` or `SLOT/SUBSLOT`.
    static func isSlot(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return (1...2).contains(parts.count)
            && parts.allSatisfy { part in
                guard let first = part.first, part.count <= 100 else { return false }
                return part.allSatisfy(isNameByte) && !"+-.".utf8.contains(first)
            }
    }

    /// A USE flag: begins with a letter or digit, then also `+_@-.`.
    static func isFlag(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 200 else { return false }
        return isAlphanumeric(first) && text.utf8.allSatisfy { isNameByte($0) || $0 == UInt8(ascii: "@") }
    }

    /// A path below a directory: components of printable characters, none `.` or `..`, none empty.
    static func isRelativePath(_ text: String) -> Bool {
        guard (1...1024).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty && part.count <= 255 && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
                && part.allSatisfy { $0 >= 32 && $0 != 127 }
        }
    }

    /// An absolute path, not the root, in a form that needs no quoting anywhere: letters, digits and `+_.-@~` between
    /// the slashes.
    static func isAbsolutePath(_ text: String) -> Bool {
        guard text.utf8.first == UInt8(ascii: "/"), text.utf8.count <= 1024 else { return false }
        return isRelativePath(String(text.dropFirst()))
            && text.utf8.allSatisfy { isNameByte($0) || "/@~".utf8.contains($0) }
    }

    /// A value shortened and with escapes, for an error message.
    static func shown(_ text: String) -> String {
        let short = text.unicodeScalars.prefix(80).map { $0.escaped(asASCII: false) }.joined()
        return text.unicodeScalars.count > 80 ? short + "…" : short
    }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    static func isNameByte(_ byte: UInt8) -> Bool { isAlphanumeric(byte) || "+_.-".utf8.contains(byte) }
}

/// Splitting `CATEGORY/NAME-VERSION`.
public enum PackageNames {
    /// `CATEGORY/NAME` of a CPV; nil when it is none.
    public static func name(of cpv: String) -> String? { split(cpv)?.name }

    /// `VERSION` with its revision; nil when the text is no CPV.
    public static func version(of cpv: String) -> String? { split(cpv)?.version }

    private static func split(_ cpv: String) -> (name: String, version: String)? {
        let parts = cpv.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ Names.isPlain(String($0)) }),
            let initial = parts[0].utf8.first, Names.isAlphanumeric(initial) || initial == UInt8(ascii: "_"),
            let first = parts[1].utf8.first, Names.isAlphanumeric(first) || first == UInt8(ascii: "_")
        else { return nil }
        var pieces = parts[1].split(separator: "-", omittingEmptySubsequences: false)
        var version = ""
        if let last = pieces.last, pieces.count > 2, last.first == "r", last.dropFirst().allSatisfy(\.isNumber),
            last.count > 1
        {
            version = "-" + last
            pieces.removeLast()
        }
        guard pieces.count > 1, let base = pieces.popLast(), base.first?.isNumber == true else { return nil }
        return (parts[0] + "/" + pieces.joined(separator: "-"), base + version)
    }
}
