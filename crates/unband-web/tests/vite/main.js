// A bundled page: in its own thread, then by a pool.

import { deband } from "unband";
import { Pool } from "unband/pool";
import image from "./sunset.png?url";

document.querySelector("#go").onclick = async () => {
  const out = document.querySelector("#out");
  try {
    const bytes = new Uint8Array(await (await fetch(image)).arrayBuffer());
    const here = await deband(bytes);
    const pool = new Pool({ size: 1 });
    const there = await pool.deband(bytes);
    pool.close();
    const same = here.bytes.length === there.bytes.length && here.bytes.every((byte, i) => byte === there.bytes[i]);
    out.value = `${here.report.reason} ${here.bytes.length} ${same}`;
  } catch (error) {
    out.value = `failed: ${error.message}`;
  }
};
