"""The sections of the text report, as rich renderables; names are `Text`, never markup."""
