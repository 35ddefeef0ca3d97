internal import Crypto

/// An entry of `metadata/md5-cache`: what an ebuild declares, and the checksums that say for which text it holds.
public struct CacheEntry: Equatable, Sendable {
    /// All keys but `_eclasses_` and `_md5_`; none has a newline in its value.
    public var fields: [String: String]
    /// Every eclass that took part, indirect ones too: its name and the MD5 of its text, in hexadecimal.
    public var eclasses: [String: String]
    /// The MD5 of the ebuild.
    public var ebuildMD5: String

    /// An entry of these values.
    public init(fields: [String: String], eclasses: [String: String] = [:], ebuildMD5: String) {
        self.fields = fields
        self.eclasses = eclasses
        self.ebuildMD5 = ebuildMD5
    }

    /// Reads an entry; nil when it has no checksum of the ebuild, or an odd list of eclasses.
    public init?(parsing text: String) {
        var fields: [String: String] = [:]
        for bytes in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let line = String(decoding: bytes, as: UTF8.self)
            guard let equals = line.firstIndex(of: "=") else { return nil }
            fields[String(line[..<equals])] = String(line[line.index(after: equals)...])
        }
        guard let md5 = fields.removeValue(forKey: "_md5_"), Self.isMD5(md5) else { return nil }
        let list = (fields.removeValue(forKey: "_eclasses_") ?? "")
            .split(separator: "\t", omittingEmptySubsequences: true).map(String.init)
        guard list.count.isMultiple(of: 2) else { return nil }
        var eclasses: [String: String] = [:]
        for index in stride(from: 0, to: list.count, by: 2) {
            guard Self.isEclassName(list[index]), Self.isMD5(list[index + 1]) else { return nil }
            eclasses[list[index]] = list[index + 1]
        }
        self.init(fields: fields, eclasses: eclasses, ebuildMD5: md5)
    }

    /// The entry's text as Portage writes it; empty values are left out, newlines cannot occur.
    public var text: String {
        var lines = fields.filter { !$0.value.isEmpty }.map { "\($0.key)=\($0.value.replacing("\n", with: " "))" }
        if !eclasses.isEmpty {
            let list = eclasses.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }
            lines.append("_eclasses_=" + list.joined(separator: "\t"))
        }
        lines.append("_md5_=" + ebuildMD5)
        return lines.sorted().map { $0 + "\n" }.joined()
    }

    /// The MD5 of a file's bytes as the cache has it. It says whether a cache entry is for this text, nothing more.
    public static func md5(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let digest = Insecure.MD5.hash(data: Array(bytes))
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Whether this may be the name of an eclass: it becomes a file's name.
    public static func isEclassName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first != UInt8(ascii: "."), first != UInt8(ascii: "-") else { return false }
        return name.utf8.count < 200
            && name.unicodeScalars.allSatisfy {
                $0.isASCII
                    && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || "_.-+".unicodeScalars.contains($0))
            }
    }

    private static func isMD5(_ text: String) -> Bool {
        text.utf8.count == 32 && text.allSatisfy { $0.isASCII && $0.isHexDigit }
    }
}
