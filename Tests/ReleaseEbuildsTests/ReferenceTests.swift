import Posix
import Testing

@testable import ReleaseEbuilds

/// Versions, specifiers and markers against what the reference implementation (the library `packaging`) answered.
@Suite struct ReferenceTests {
    private static let folder = #filePath.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/Fixtures/"

    private static func rows(_ name: String) throws -> [[String]] {
        try Files.readText(folder + name).split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
    }

    @Test func `versions are read, spelled and ordered as the reference does`() throws {
        var last: PythonVersion?
        let rows = try Self.rows("versions.tsv")
        #expect(rows.count == 500)
        for row in rows {
            let version = try #require(PythonVersion(row[0]), "\(row[0])")
            #expect(version.description == row[1])
            if let last { #expect(last < version, "\(last) < \(version)") }
            last = version
        }
    }

    @Test func `specifiers take the versions that the reference takes`() throws {
        for row in try Self.rows("specifiers.tsv") {
            let list = try VersionSpecifier.list(row[0])
            let version = try #require(PythonVersion(row[1]))
            #expect(list[0].contains(version) == (row[2] == "1"), "\(row[1]) in \(row[0])")
        }
    }

    @Test func `markers are true where the reference says so`() throws {
        for row in try Self.rows("markers.tsv") {
            let marker = try Marker(row[0])
            let environment = Marker.Environment(
                implementation: try #require(
                    PythonImplementation("python" + String(row[1].map { $0 == "." ? "_" : $0 }))),
                machine: row[2], extras: row[3].isEmpty ? [] : [row[3]])
            #expect(marker.evaluate(environment) == (row[4] == "1" ? .yes : .no), "\(row)")
        }
    }
}
