public import ArgumentParser
public import BinpkgService
import BuildEnvironments
import CommandSupport
import FoundationEssentials
import Posix

/// `binpkgd token`: who may use the service.
struct BinpkgdToken: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes, shows and revokes tokens: what clients prove with who they are.",
        discussion: """
            As soon as there is a token, every call needs one; a service that other machines can reach needs one before it \
            starts. What is done here counts for a running service within a second.
            """,
        subcommands: [Add.self, List.self, Revoke.self])

    /// `binpkgd token add`.
    struct Add: ToolCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it. It is not kept and cannot be shown again.")

        @OptionGroup var options: ServiceOptions

        @Option(
            help: """
                The trust domain: clients of one domain may share what one of them sent, and what was built with that.
                """)
        var domain = EnvironmentNeeds.everybody

        @Option(help: "read: look up, fetch; request: also have packages built.")
        var scope = TokenScope.request

        @Option(help: ArgumentHelp("The token ends after so many days; without, never.", valueName: "days"))
        var expires: Int?

        @Argument(help: "A name: that of the machine or person that gets it.")
        var name: String

        func validate() throws {
            if let expires, !(1...36_500).contains(expires) {
                throw ValidationError("--expires is a number of days from 1 to 36500.")
            }
        }

        func run(_ context: Context) async throws {
            let tokens = try TokenStore(stateDirectory: options.settings(context).stateDirectory)
            do {
                let token = try await tokens.add(name: name, domain: domain, scope: scope, days: expires)
                context.output(token + "\n")
            } catch let error as TokenStore.Refusal {
                throw CommandError("\(error)")
            }
        }
    }

    /// `binpkgd token list`.
    struct List: ToolCommand {
        static let configuration = CommandConfiguration(abstract: "Shows the tokens, without what is secret.")

        @OptionGroup var options: ServiceOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run(_ context: Context) async throws {
            let tokens = try await TokenStore(stateDirectory: options.settings(context).stateDirectory).list()
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                context.output(String(decoding: try encoder.encode(tokens), as: UTF8.self) + "\n")
                return
            }
            let now = Date().timeIntervalSince1970
            for token in tokens {
                let end =
                    if token.revoked != nil {
                        "revoked"
                    } else if let expires = token.expires {
                        expires <= now ? "expired" : "expires in \(Int((expires - now) / 86400)) days"
                    } else {
                        "does not expire"
                    }
                let use = token.lastUse.map { "used \(Self.ago(now - $0))" } ?? "never used"
                context.output("\(token.name)  \(token.scope.rawValue)  domain \(token.domain)  \(end)  \(use)\n")
            }
        }

        private static func ago(_ seconds: Double) -> String {
            switch seconds {
            case ..<120: "just now"
            case ..<7200: "\(Int(seconds / 60)) minutes ago"
            case ..<172_800: "\(Int(seconds / 3600)) hours ago"
            default: "\(Int(seconds / 86400)) days ago"
            }
        }
    }

    /// `binpkgd token revoke`.
    struct Revoke: ToolCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a token. Its name stays taken; exit status 1 if there is none of this name.")

        @OptionGroup var options: ServiceOptions

        @Argument(help: "The token's name.")
        var name: String

        func run(_ context: Context) async throws {
            let tokens = try TokenStore(stateDirectory: options.settings(context).stateDirectory)
            guard try await tokens.revoke(name: name) else {
                throw CommandError(
                    "there is no token '\(name.printable)'", hint: "binpkgd token list", exitStatus: .negative)
            }
        }
    }
}

extension TokenScope: ExpressibleByArgument {}
