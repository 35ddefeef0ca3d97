import PackageModel
import Testing

@Suite struct PackageTests {
    @Test("CPVs are split as Portage splits them") func cpvTable() throws {
        for row in try fixture("cpv.txt") {
            let cpv = CPV(row[0])
            // Portage takes a name that ends in a hyphen; PMS allows it too, and nobody writes one.
            if row[1] == "-" {
                #expect(cpv == nil, "\(row[0])")
            } else {
                #expect(cpv?.category == row[1], "\(row[0])")
                #expect(cpv?.name == row[2])
                #expect(cpv?.version.description == row[3])
                #expect(cpv?.description == row[0])
            }
        }
    }

    @Test("atoms are taken and refused as Portage does it") func atomTable() throws {
        for row in try fixture("atoms.txt") {
            let text = row[1]
            if row[0] == "yes" {
                let atom = try Atom(text)
                #expect(atom.description == text)
                #expect(try Atom(atom.description) == atom)
            } else {
                #expect(throws: AtomError.self, "\(text)") { try Atom(text) }
            }
        }
    }

    @Test func parsersTakeAnyText() {
        var numbers = Numbers(3)
        let alphabet = Array("a/b-1.r:=*[]!<>~(+)?,_@ \u{0}é")
        for _ in 0..<5_000 {
            let text = String((0..<numbers.next(below: 12)).map { _ in alphabet[numbers.next(below: alphabet.count)] })
            if let cpv = CPV(text) { #expect(cpv.description == text) }
            if let atom = try? Atom(text) { #expect(atom.description == text) }
            _ = (Version(text), Slot(text), SlotDependency(text), UseFlags(text), UseDependency(text))
        }
    }

    @Test(arguments: [
        ("=a/b-1.2*", "a/b-1.2.3", true), ("=a/b-1.2*", "a/b-1.23", false), ("=a/b-1.2*", "a/b-1.2a", true),
        ("~a/b-1.2", "a/b-1.2-r5", true), ("=a/b-1.2", "a/b-1.2-r5", false), ("=a/b-1.2", "a/b-1.2-r0", true),
        (">=a/b-1.2", "a/b-1.10", true), ("<a/b-1.2", "a/b-1.2_rc1", true), (">a/b-1", "a/c-2", false),
        ("<=a/b-2", "a/b-2-r1", false), ("a/b", "a/b-9", true),
    ])
    func matches(_ atom: String, _ cpv: String, _ expected: Bool) throws {
        #expect(try Atom(atom).matches(try #require(CPV(cpv))) == expected)
    }

    @Test func slots() {
        #expect(Slot("0/3")?.subSlot == "3")
        #expect(Slot("0")?.subSlot == "0")
        #expect(Slot("0/0")?.description == "0")
        #expect(Slot("0/") == nil)
        #expect(Slot("-1") == nil)
        #expect(Slot("") == nil)
    }

    @Test func useFlags() throws {
        let flags = try #require(UseFlags("+ssl -debug  X\tpython_targets_python3_12 -X"))
        #expect(flags.description == "+ssl -debug X python_targets_python3_12 -X")
        #expect(flags.enabled == ["ssl", "python_targets_python3_12"])
        #expect(flags.names.count == 4)
        #expect(UseFlags("a !b") == nil)
    }
}
