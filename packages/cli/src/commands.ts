import type { Command } from "@oclif/core";
import { Cp } from "./commands/cp.ts";
import { Create } from "./commands/create.ts";
import { List } from "./commands/list.ts";
import { Ps } from "./commands/ps.ts";
import { Pull } from "./commands/pull.ts";
import { Push } from "./commands/push.ts";
import { Rm } from "./commands/rm.ts";
import { Run } from "./commands/run.ts";
import { Show } from "./commands/show.ts";
import { Signin } from "./commands/signin.ts";
import { Signout } from "./commands/signout.ts";
import { Stop } from "./commands/stop.ts";

/** Older names, which help does not list. */
class Login extends Signin {
  static override hidden = true;
}

class Logout extends Signout {
  static override hidden = true;
}

/** Every command but `serve`, which belongs to the application. */
export const cliCommands: Readonly<Record<string, Command.Class>> = {
  cp: Cp,
  create: Create,
  list: List,
  ls: List,
  ps: Ps,
  pull: Pull,
  push: Push,
  rm: Rm,
  run: Run,
  show: Show,
  signin: Signin,
  login: Login,
  signout: Signout,
  logout: Logout,
  stop: Stop,
};
