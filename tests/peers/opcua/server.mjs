// An OPC UA server that tests drive: orders come as JSON lines on stdin, answers go to stdout.
// The first line, whatever it says, starts it: a process that has the standard's address space may wait.
import { once } from "node:events";
import readline from "node:readline";
import {
  DataType,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  Variant,
  coerceLocalizedText,
  standardUnits,
} from "node-opcua";

const options = JSON.parse(process.argv[2]);
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");

function manager(name) {
  return new OPCUACertificateManager({
    rootFolder: `${options.directory}/${process.pid}/${name}`,
    automaticallyAcceptUnknownCertificate: true,
  });
}

const policies = options.policies ?? ["Basic256Sha256"];
const server = new OPCUAServer({
  port: options.port,
  host: "127.0.0.1",
  hostname: "127.0.0.1",
  resourcePath: "/peer",
  serverInfo: { applicationUri: options.uri },
  certificateFile: options.certificate,
  privateKeyFile: options.privateKey,
  serverCertificateManager: manager("pki"),
  userCertificateManager: manager("users"),
  securityPolicies: policies.map((one) => SecurityPolicy[one]),
  securityModes: (options.modes ?? ["SignAndEncrypt"]).map((one) => MessageSecurityMode[one]),
  allowAnonymous: options.anonymous ?? true,
  disableDiscovery: false,
  userManager: { isValidUser: (user, password) => user === "edge" && password === "secret" },
  serverCapabilities: { operationLimits: options.limits ?? {} },
});

const lines = readline.createInterface({ input: process.stdin });
process.stdin.on("end", () => process.exit(0));
const told = once(lines, "line");
await server.initialize();
await told;

const space = server.engine.addressSpace;
const own = space.registerNamespace(options.namespace);
const device = own.addObject({
  browseName: "Device",
  organizedBy: space.rootFolder.objects,
  eventSourceOf: space.rootFolder.objects.server,
});

function variable(name, dataType, value, more = {}) {
  return own.addVariable({
    browseName: name,
    nodeId: `s=${name}`,
    componentOf: device,
    dataType,
    value: new Variant({ dataType, value }),
    minimumSamplingInterval: 10,
    ...more,
  });
}

const temperature = own.addAnalogDataItem({
  browseName: "Temperature",
  nodeId: "s=Temperature",
  componentOf: device,
  dataType: "Double",
  engineeringUnitsRange: { low: 0, high: 200 },
  engineeringUnits: standardUnits.degree_celsius,
  minimumSamplingInterval: 10,
  value: new Variant({ dataType: DataType.Double, value: 20 }),
});
const nodes = {
  State: variable("State", DataType.Int32, 2),
  Good: variable("Good", DataType.UInt32, 100),
  Level: variable("Level", DataType.Double, 50),
  Curve: variable("Curve", DataType.Double, [1, 2, 3], { valueRank: 1 }),
  Temperature: temperature,
};
const types = {
  State: DataType.Int32,
  Good: DataType.UInt32,
  Level: DataType.Double,
  Temperature: DataType.Double,
};
for (const name of options.history ?? []) {
  space.installHistoricalDataNode(nodes[name], { maxOnlineValues: 5000 });
}
space.installAlarmsAndConditionsService();
const alarm = own.instantiateExclusiveLimitAlarm("ExclusiveLimitAlarmType", {
  browseName: "TooHot",
  conditionSource: device,
  inputNode: temperature,
  highLimit: 100,
  highHighLimit: 150,
  componentOf: device,
  conditionName: "TooHot",
});

const orders = {
  write({ name, value, status }) {
    nodes[name].setValueFromSource(
      new Variant({ dataType: types[name], value }),
      StatusCodes[status ?? "Good"],
      new Date(),
    );
  },
  acknowledge() {
    const branch = alarm.currentBranch();
    alarm.acknowledgeAndAutoConfirmBranch(branch, branch.getEventId(), coerceLocalizedText("seen"));
  },
  dropConnections() {
    for (const endpoint of server.endpoints) endpoint.killClientSockets(() => {});
  },
};

await server.start();
say({ ready: server.getEndpointUrl() });
lines.on("line", (line) => {
  const order = JSON.parse(line);
  try {
    orders[order.do](order);
    say({ done: order.do });
  } catch (error) {
    say({ failed: String(error.stack) });
  }
});
