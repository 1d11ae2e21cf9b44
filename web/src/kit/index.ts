/** The component kit: everything a screen is built of. README.md says how to use it. */
export { Avatar } from "./Avatar";
export { Button, IconButton, type ButtonProps, type IconButtonProps } from "./Button";
export { classes } from "./classes";
export { Confirm, Dialog } from "./Dialog";
export { Checkbox, Select, Switch, TextArea, TextField, type SelectOption } from "./Field";
export { Icon, type IconName } from "./Icon";
export { Kbd } from "./Kbd";
export { Menu, type MenuEntry } from "./Menu";
export { Badge, Bar, EmptyState, Notice, Skeleton } from "./Notice";
export { Page, Section } from "./Page";
export { Tabs, type Tab } from "./Tabs";
export { toasts } from "./toasts";
export { Tooltip } from "./Tooltip";
