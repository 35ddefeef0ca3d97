import Testing

@testable import PortageHook

@Suite struct ResumeListTests {
    private func parse(_ text: String) -> [ResumeList.Entry]? { ResumeList.parse(Array(text.utf8)) }

    @Test func readsTheMergeList() {
        let text = """
            {"info": {"/a": 1.5e3, "b": [null, true, NaN]}, "resume_backup": {"mergelist": [["ebuild", "/", "x/y-1", "merge"]]},
             "resume": {"favorites": ["@world"], "mergelist": [["ebuild", "/", "a/b-1", "merge"],
             ["binary", "/p/", "a/\\u00e9\\ud83d\\ude00-2", "merge"]], "myopts": {"--x": true}}, "version": "3"}
            """
        #expect(
            parse(text) == [
                .init(type: "ebuild", root: "/", cpv: "a/b-1"), .init(type: "binary", root: "/p/", cpv: "a/é😀-2"),
            ])
    }

    @Test(arguments: [
        "{}", "{\"resume\": null}", "{\"resume\": {\"mergelist\": []}}", "{\"resume\":{\"mergelist\":5}}",
    ])
    func noListIsAnEmptyList(_ text: String) { #expect(parse(text) == []) }

    @Test(arguments: [
        "", "[", "{", "nonsense", "{\"resume\": {\"mergelist\": [[\"ebuild\", \"/\"]]}}", "{\"a\"", "{\"a\":}",
        "{\"resume\": {\"mergelist\": [[\"ebuild", "{\"\\u12\": 1}", "{\"a\": \"b\\", "{\"\\ud800\\u00\":1}",
    ])
    func whatIsNotTheExpectedJSONIsRefused(_ text: String) { #expect(parse(text) == nil) }

    @Test func deepNestingIsRefused() {
        #expect(parse("{\"a\":" + String(repeating: "[", count: 1_000_000)) == nil)
        #expect(parse(String(repeating: "{\"a\":", count: 100_000)) == nil)
    }

    @Test func everyCutOfAListIsRefusedOrRead() {
        let text = Array("{\"resume\": {\"mergelist\": [[\"ebuild\", \"/\", \"a/b\\u00e9-1\", \"merge\"]]}}".utf8)
        for end in text.indices { #expect(ResumeList.parse(Array(text[..<end])) == nil) }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var changed = text
            changed[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            _ = ResumeList.parse(changed)
        }
    }
}
