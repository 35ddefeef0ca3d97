import Testing

@testable import PythonBridge

@Suite struct FileNameTextTests {
    @Test(arguments: [
        Array("plain".utf8), Array("käse 日本 🧀".utf8), [0x63, 0xE9], [0xFF, 0xFE, 0x80], [0xED, 0xA0, 0x80],
        Array("\u{10FE80}\u{10FEFF}".utf8), [0xF4, 0x8F], [], [0x61, 0xC3],
    ])
    func everyNameKeepsItsBytes(bytes: [UInt8]) {
        #expect(FileNameText.bytes(of: FileNameText.text(of: bytes)) == bytes)
    }

    @Test func namesInUTF8AreThemselves() {
        #expect(FileNameText.text(of: Array("käse".utf8)) == "käse")
        #expect(FileNameText.text(of: [0x63, 0xE9]) == "c\u{10FEE9}")
    }

    /// Python lists a folder with such names, and is given them back.
    @Test func pythonUsesTheSameText() async throws {
        let names: [[UInt8]] = [
            Array("käse 日本 🧀".utf8), [0x63, 0xE9], [0xFF, 0xFE], Array("\u{10FE80}".utf8), [0x61, 0xC3],
        ]
        try await FakePortage.withChild(FakePortage.settings("os.fsencode(name).hex()")) { child async throws in
            for name in names {
                let text = FileNameText.text(of: name)
                let hexadecimal = name.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                #expect(try await child.setting(text).contains("\"\(hexadecimal)\""))
            }
        }
        for name in names {
            let bytes = name.map(String.init).joined(separator: ",")
            try await FakePortage.withChild(FakePortage.settings("os.fsdecode(bytes([\(bytes)]))")) {
                child async throws in
                let reply = try await child.call("settings", Array(#"{"names":["X"]}"#.utf8))
                #expect(reply.allSatisfy { $0 < 0x80 })
                let value = try JSONValue.string("X", in: reply)
                #expect(FileNameText.bytes(of: value) == name)
            }
        }
    }
}
