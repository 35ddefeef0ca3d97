/// Where a package file of the gpkg format can be damaged so that it matters: the padding of the outer tar's members is
/// nobody's data.
public enum DamagedPackage {
    /// The package with one byte of its image's compressed data changed, or nil when it has no image.
    public static func image(_ package: [UInt8]) -> [UInt8]? {
        let header = stride(from: 0, to: package.count, by: 512).first { start in
            String(decoding: package[start..<min(start + 100, package.count)], as: UTF8.self).contains("/image.tar")
        }
        guard let header, header + 529 < package.count else { return nil }
        var damaged = package
        damaged[header + 528] ^= 0xFF
        return damaged
    }
}
