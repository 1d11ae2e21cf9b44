import { defineConfig, mergeConfig } from "vitest/config";

import built from "./vite.config.ts";

// Its errors are of Node's own realm, which is another one than a virtual machine's.
const WITHOUT_A_WINDOW = ["tests/unit/reading-contacts.test.ts"];

export default mergeConfig(
  built,
  defineConfig({
    test: {
      restoreMocks: true,
      projects: [
        {
          extends: true,
          test: {
            name: "window",
            // A window and modules of its own for each file, and jsdom loaded once for all: it takes a second.
            environment: "jsdom",
            pool: "vmForks",
            include: ["tests/**/*.test.{ts,tsx}"],
            exclude: WITHOUT_A_WINDOW,
            setupFiles: ["tests/setup.ts"],
          },
        },
        { extends: true, test: { name: "node", include: WITHOUT_A_WINDOW } },
      ],
    },
  }),
);
