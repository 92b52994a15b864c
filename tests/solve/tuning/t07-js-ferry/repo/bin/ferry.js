#!/usr/bin/env node
import { boardLines } from "../src/board.js";

const now = process.argv[2] ?? new Date().toTimeString().slice(0, 5);
for (const line of boardLines(now)) console.log(line);
