// The whole server as it is in the checkout, for soaks; settings come from the environment.
import { readConfig } from "../../apps/puna/src/config.ts";
import { runServer } from "../../apps/puna/src/run-server.ts";

await runServer(readConfig(process.env), "0.0.0-soak");
