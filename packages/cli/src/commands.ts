import type { Command } from "@oclif/core";
import { Bench } from "./commands/bench.ts";
import { Completion } from "./commands/completion.ts";
import { Cp } from "./commands/cp.ts";
import { Create } from "./commands/create.ts";
import { Df } from "./commands/df.ts";
import { Export } from "./commands/export.ts";
import { Import } from "./commands/import.ts";
import { Keys } from "./commands/keys.ts";
import { Launch } from "./commands/launch.ts";
import { List } from "./commands/list.ts";
import { Prune } from "./commands/prune.ts";
import { Ps } from "./commands/ps.ts";
import { Pull } from "./commands/pull.ts";
import { Push } from "./commands/push.ts";
import { Rm } from "./commands/rm.ts";
import { Run } from "./commands/run.ts";
import { Show } from "./commands/show.ts";
import { Signin } from "./commands/signin.ts";
import { Signout } from "./commands/signout.ts";
import { Stop } from "./commands/stop.ts";
import { Top } from "./commands/top.ts";
import { Verify } from "./commands/verify.ts";

/** Second names, which help does not list. */
class Ls extends List {
  static override hidden = true;
  static ownName = "list";
}

class Login extends Signin {
  static override hidden = true;
  static ownName = "signin";
}

class Logout extends Signout {
  static override hidden = true;
  static ownName = "signout";
}

/** Every command but `serve`, which belongs to the application. */
export const cliCommands: Readonly<Record<string, Command.Class>> = {
  bench: Bench,
  completion: Completion,
  cp: Cp,
  create: Create,
  df: Df,
  export: Export,
  import: Import,
  keys: Keys,
  launch: Launch,
  list: List,
  login: Login,
  logout: Logout,
  ls: Ls,
  prune: Prune,
  ps: Ps,
  pull: Pull,
  push: Push,
  rm: Rm,
  run: Run,
  show: Show,
  signin: Signin,
  signout: Signout,
  stop: Stop,
  top: Top,
  verify: Verify,
};
