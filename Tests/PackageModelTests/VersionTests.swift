import PackageModel
import Testing

@Suite struct VersionTests {
    @Test("the order is Portage's own") func portageTable() throws {
        let rows = try fixture("vercmp.txt")
        #expect(rows.count > 400)
        for row in rows {
            let left = try #require(Version(row[0]))
            let right = try #require(Version(row[1]))
            let order = left < right ? "-1" : right < left ? "1" : "0"
            #expect(order == row[2], "\(row[0]) and \(row[1])")
            #expect((left == right) == (row[2] == "0"))
        }
    }

    @Test func orderIsTotal() throws {
        var numbers = Numbers(1)
        let pieces = [
            "0", "1", "01", "10", ".0", ".1", ".01", ".10", "a", "b", "_alpha", "_p", "_rc1", "_p0", "-r0", "-r1",
        ]
        var versions: [Version] = []
        while versions.count < 120 {
            let text = (0...numbers.next(below: 4)).map { _ in pieces[numbers.next(below: pieces.count)] }.joined()
            if let version = Version(text) { versions.append(version) }
        }
        for left in versions {
            for right in versions {
                let isOne = [left < right, right < left, left == right].count { $0 } == 1
                let isHashed = left != right || left.hashValue == right.hashValue
                if !isOne || !isHashed { Issue.record("\(left) \(right)") }
            }
        }
        for _ in 0..<10_000 {
            let three = (0..<3).map { _ in versions[numbers.next(below: versions.count)] }
            if three[0] <= three[1], three[1] <= three[2], three[0] > three[2] { Issue.record("\(three)") }
        }
    }

    @Test(arguments: ["", "a", "1.", ".1", "1..2", "1_", "1_x", "1-r", "1-rx", "1aa", "1 ", "1-1", "1.0_alpha-", "１"])
    func refuses(_ text: String) {
        #expect(Version(text) == nil)
    }

    @Test func partsAndSpelling() throws {
        let version = try #require(Version("1.02_p3-r04"))
        #expect(version.description == "1.02_p3-r04")
        #expect(version.withoutRevision == "1.02_p3")
        #expect(Version("1.02_p3").map { $0.isSameIgnoringRevision(as: version) } == true)
    }
}
