import AgentProtocol
import Testing

@Suite struct SetupRequestTests {
    @Test func valuesOfAnyTextSurvive() {
        let request = SetupRequest(fields: ["PF": "a-1\n$(touch x)", "USE": "b=c d", "S": "", "CATEGORY": "ü/\\'\""])
        #expect(SetupRequest(encoded: request.encoded) == request)
    }

    @Test func argumentsWithoutANameAreLeftOut() {
        let request = SetupRequest(arguments: ["CATEGORY=x", "noise", "=value", "PF=y-1", "PF=z-2"])
        #expect(request.fields == ["CATEGORY": "x", "PF": "z-2"])
        #expect(request.cpv == "x/z-2")
        #expect(request["USE"].isEmpty)
    }
}
