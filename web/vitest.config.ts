import { defineConfig, mergeConfig } from "vitest/config";

import built from "./vite.config.ts";

export default mergeConfig(
  built,
  defineConfig({
    test: {
      environment: "jsdom",
      include: ["tests/**/*.test.{ts,tsx}"],
      setupFiles: ["tests/setup.ts"],
      restoreMocks: true,
    },
  }),
);
