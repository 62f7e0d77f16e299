module github.com/nbseal/nbseal

go 1.25.0
