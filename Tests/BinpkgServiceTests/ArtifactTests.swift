import BinpkgModel
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Posix
import Testing

@testable import BinpkgService

/// Fetching a package by its name: whole, in part, and not again.
@Suite struct ArtifactTests {
    private static let content = Array("0123456789".utf8)

    /// Runs with one package in the service; `fetch` gets it.
    private func withPackage(
        _ body: @escaping @Sendable (Trial, _ id: String) async throws -> Void
    ) async throws {
        try await Trial.run(TrialBuilder(.exact(Self.content))) { trial in
            let answer = try await trial.obtain(sample)
            try await body(trial, try #require(answer.artifact))
        }
    }

    private static func fetch(
        _ trial: Trial, _ id: String, _ headers: HTTPFields = [:], _ method: HTTPRequest.Method = .get
    ) async throws -> TestResponse {
        try await trial.client.execute(uri: "/v1/artifacts/\(id)", method: method, headers: headers)
    }

    @Test func partsAreGiven() async throws {
        try await withPackage { trial, id in
            let cases: [(String, UInt, String, String?)] = [
                ("bytes=0-", 206, "0123456789", "bytes 0-9/10"), ("bytes=3-", 206, "3456789", "bytes 3-9/10"),
                ("bytes=2-4", 206, "234", "bytes 2-4/10"), ("bytes=9-99", 206, "9", "bytes 9-9/10"),
                ("bytes=-3", 206, "789", "bytes 7-9/10"), ("bytes=-99", 206, "0123456789", "bytes 0-9/10"),
                // What is no single range of bytes is as if nothing had been said.
                ("bytes=0-1,3-4", 200, "0123456789", nil), ("lines=1-2", 200, "0123456789", nil),
                ("bytes=5-2", 200, "0123456789", nil), ("bytes=", 200, "0123456789", nil),
                ("bytes=+1-3", 200, "0123456789", nil),
            ]
            for (range, status, body, place) in cases {
                let reply = try await Self.fetch(trial, id, [.range: range])
                #expect(reply.status.code == Int(status), "\(range)")
                #expect(String(buffer: reply.body) == body, "\(range)")
                #expect(reply.headers[.contentRange] == place, "\(range)")
                #expect(reply.headers[.contentLength] == "\(body.utf8.count)", "\(range)")
            }
            for range in ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"] {
                let reply = try await Self.fetch(trial, id, [.range: range])
                #expect(reply.status == .rangeNotSatisfiable, "\(range)")
                #expect(reply.headers[.contentRange] == "bytes */10")
                #expect(reply.headers[.contentType] == ProblemDocument.mediaType)
            }
        }
    }

    @Test func conditionsAreKept() async throws {
        try await withPackage { trial, id in
            let whole = try await Self.fetch(trial, id)
            let tag = try #require(whole.headers[.eTag])
            let time = try #require(whole.headers[.lastModified])
            #expect(tag == "\"\(ContentHash.sha256(Self.content))\"" && whole.headers[.acceptRanges] == "bytes")
            #expect(time.hasSuffix(" GMT") && time.utf8.count == 29)
            let unchanged: [HTTPFields] = [
                [.ifNoneMatch: tag], [.ifNoneMatch: "\"x\", W/\(tag)"], [.ifNoneMatch: "*"], [.ifModifiedSince: time],
            ]
            for headers in unchanged {
                let reply = try await Self.fetch(trial, id, headers)
                #expect(reply.status == .notModified && reply.body.readableBytes == 0, "\(headers)")
                #expect(reply.headers[.eTag] == tag)
            }
            let others: [HTTPFields] = [
                [.ifNoneMatch: "\"x\""], [.ifNoneMatch: "\"x\"", .ifModifiedSince: time],
                [.ifModifiedSince: "Thu, 01 Jan 2099 00:00:00 GMT"],
            ]
            for headers in others { #expect(try await Self.fetch(trial, id, headers).status == .ok, "\(headers)") }
            // A part continues a file only if that is the same one.
            for (condition, status) in [(tag, 206), (time, 206), ("\"x\"", 200), ("W/\(tag)", 200)] {
                let reply = try await Self.fetch(trial, id, [.range: "bytes=5-", .ifRange: condition])
                #expect(reply.status.code == status, "\(condition)")
            }
        }
    }

    @Test func headIsTheSameWithoutBody() async throws {
        try await withPackage { trial, id in
            let whole = try await Self.fetch(trial, id)
            let head = try await Self.fetch(trial, id, [:], .head)
            #expect(head.status == .ok && head.body.readableBytes == 0)
            for name in [HTTPField.Name.contentLength, .eTag, .lastModified, .contentType] {
                #expect(head.headers[name] == whole.headers[name], "\(name)")
            }
            // A range means nothing there.
            for range in ["bytes=4-", "bytes=99-"] {
                let part = try await Self.fetch(trial, id, [.range: range], .head)
                #expect(part.status == .ok && part.headers[.contentLength] == "10" && part.body.readableBytes == 0)
            }
            let same = try await Self.fetch(trial, id, [.ifNoneMatch: "*"], .head)
            #expect(same.status == .notModified)
            let none = try await Self.fetch(trial, String(repeating: "a", count: 64), [:], .head)
            #expect(none.status == .notFound && none.body.readableBytes == 0)
            #expect(none.headers[.contentType] == ProblemDocument.mediaType)
        }
    }

    @Test func aFileThatIsNotTheStoredOneIsNotServed() async throws {
        try await withPackage { trial, id in
            try Files.replace(trial.service.packages.path(id), with: [1, 2])
            #expect(try await Self.fetch(trial, id).status == .internalServerError)
            try Files.removeTree(trial.service.packages.path(id))
            #expect(try await Self.fetch(trial, id).status == .notFound)
        }
    }

    @Test func datesAreThoseOfHTTP() {
        #expect(HTTPDate.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(1_709_210_096) == "Thu, 29 Feb 2024 12:34:56 GMT")
    }
}
