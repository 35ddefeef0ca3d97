import PythonBridge
import Synchronization
import Testing

@testable import BinpkgClient

@Suite struct PortagePoolTests {
    /// Children that count themselves, and see a configuration that can change.
    private final class World: Sendable {
        let started = Mutex(0)
        let closed = Mutex(0)
        let stamp = Mutex("a")

        struct Child: PythonTransport {
            let world: World
            let number: Int

            func call(_ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8] {
                switch function {
                case "settings_stamp": return Array("\"\(world.stamp.withLock { $0 })\"".utf8)
                case "fail": throw .raised(type: "E", message: "", output: "")
                default: return Array("\(number)".utf8)
                }
            }

            func close() async { world.closed.withLock { $0 += 1 } }
        }

        func pool() -> PortagePool {
            PortagePool { _ in
                Child(
                    world: self,
                    number: self.started.withLock {
                        $0 += 1
                        return $0
                    })
            }
        }
    }

    private let key = PortagePool.Key(interpreter: "/usr/bin/python3", environment: [:])

    private func ask(_ pool: PortagePool, _ key: PortagePool.Key? = nil, _ function: String = "x") async throws
        -> String
    {
        String(decoding: try await pool.call(key ?? self.key, function, []), as: UTF8.self)
    }

    @Test func aChildIsUsedAgainAsLongAsTheConfigurationStays() async throws {
        let world = World()
        let pool = world.pool()
        #expect(try await ask(pool) == "1")
        #expect(try await ask(pool) == "1")
        world.stamp.withLock { $0 = "b" }
        #expect(try await ask(pool) == "2")
        #expect(try await ask(pool) == "2")
    }

    @Test func whatIsUnknownIsNotKept() async throws {
        let world = World()
        world.stamp.withLock { $0 = "" }
        let pool = world.pool()
        #expect(try await ask(pool) == "1")
        #expect(try await ask(pool) == "2")
    }

    @Test func anErrorEndsTheChild() async throws {
        let world = World()
        let pool = world.pool()
        await #expect(throws: PythonError.self) { try await ask(pool, nil, "fail") }
        #expect(try await ask(pool) == "2")
    }

    @Test func configurationsAreApart() async throws {
        let world = World()
        let pool = world.pool()
        let other = PortagePool.Key(interpreter: "/usr/bin/python3", environment: ["ROOT": "/x"])
        #expect(try await ask(pool) == "1")
        #expect(try await ask(pool, other) == "2")
        #expect(try await ask(pool) == "1")
        for number in 0..<6 {
            _ = try await ask(pool, PortagePool.Key(interpreter: "p", environment: ["N": "\(number)"]))
        }
        // More than a few are not kept.
        #expect(try await ask(pool, PortagePool.Key(interpreter: "p", environment: ["N": "5"])) == "9")
        #expect(try await ask(pool) == "1")
    }
}
