/// The forms that names in a request may have. They are narrow on purpose: what passes is safe in a path and in Portage's
/// configuration files.
enum Names {
    /// Letters, digits and `+_.-`; not empty, not `.` or `..`, at most 200 bytes.
    static func isPlain(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text != "." && text != ".." && text.utf8.allSatisfy(isNameByte)
    }

    /// `SLOT` or `SLOT/SUBSLOT`.
    static func isSlot(_ text: String) -> Bool {
        guard let slash = text.utf8.firstIndex(of: UInt8(ascii: "/")) else { return isSlotPart(text.utf8[...]) }
        return isSlotPart(text.utf8[..<slash]) && isSlotPart(text.utf8[slash...].dropFirst())
    }

    private static func isSlotPart(_ part: Substring.UTF8View) -> Bool {
        guard let first = part.first, (1...100).contains(part.count) else { return false }
        return part.allSatisfy(isNameByte) && (isAlphanumeric(first) || first == UInt8(ascii: "_"))
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

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"): true
        default: isAlphanumeric(byte)
        }
    }
}

/// Splitting `CATEGORY/NAME-VERSION`.
public enum PackageNames {
    /// `CATEGORY/NAME` of a CPV; nil when it is none.
    public static func name(of cpv: String) -> String? {
        bytes(of: cpv) { bytes, dash in String(decoding: bytes[..<dash], as: UTF8.self) }
    }

    /// `VERSION` with its revision; nil when the text is no CPV.
    public static func version(of cpv: String) -> String? {
        bytes(of: cpv) { bytes, dash in String(decoding: bytes[(dash + 1)...], as: UTF8.self) }
    }

    /// Whether a text is a CPV.
    static func isVersioned(_ cpv: String) -> Bool { bytes(of: cpv) { _, _ in true } ?? false }

    /// Calls `body` with the bytes and the place of the dash before the version; nil when the text is no CPV.
    private static func bytes<Result>(
        of cpv: String, _ body: (UnsafeBufferPointer<UInt8>, Int) -> Result
    ) -> Result? {
        var cpv = cpv
        return cpv.withUTF8 { bytes in
            let isDash = { (byte: UInt8) in byte == UInt8(ascii: "-") }
            guard let slash = bytes.firstIndex(of: UInt8(ascii: "/")), isPart(bytes[..<slash]),
                isPart(bytes[(slash + 1)...]), var dash = bytes[slash...].lastIndex(where: isDash)
            else { return nil }
            if isRevision(bytes[(dash + 1)...]), let earlier = bytes[slash..<dash].lastIndex(where: isDash) {
                dash = earlier
            }
            guard dash + 1 < bytes.count, isDigit(bytes[dash + 1]) else { return nil }
            return body(bytes, dash)
        }
    }

    private static func isPart(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard let first = bytes.first, bytes.count <= 200 else { return false }
        return (Names.isAlphanumeric(first) || first == UInt8(ascii: "_")) && bytes.allSatisfy(Names.isNameByte)
    }

    private static func isRevision(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        bytes.count > 1 && bytes.first == UInt8(ascii: "r") && bytes.dropFirst().allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
