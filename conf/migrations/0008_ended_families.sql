-- Finds the families whose time to disband has come.
ALTER TABLE family ADD KEY disband (disband);
